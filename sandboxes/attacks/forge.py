"""Attacks on the verdict, and on whoever reads what a program wrote."""

from .attack import Attack

ALWAYS_EQUAL = """
class Equal:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return 0
"""
WRITE = """
import os
def f(x): pass
def write(line):  # as a result is written inside
    view = memoryview(line.encode() + b"\\n")
    while view:
        view = view[os.write(4, view):]
def value(text):
    write('{"ended": "value", "error": "", "value": ' + text + '}')
"""
RECORD = '{"ended": "value", "error": "", "value": 7, "passed": true}'
FRAMES = """
import gc, os, sys
def around():
    frame = sys._getframe()
    while frame:
        yield frame
        frame = frame.f_back
"""

FORGERIES = (
    Attack(
        "leave with status 0 at load",
        "import sys\nsys.exit(0)\ndef f(x): pass",
        held_by=("verdict on the host",),
        number=15,
    ),
    Attack(
        "leave with status 0 in the call",
        "import sys\ndef f(x):\n    sys.exit(0)",
        held_by=("verdict on the host",),
        number=15,
    ),
    Attack(
        "leave at once at load",
        "import os\nos._exit(0)\ndef f(x): pass",
        held_by=("verdict on the host",),
        number=16,
    ),
    Attack(
        "leave at once in the call",
        "import os\ndef f(x):\n    os._exit(0)",
        held_by=("verdict on the host",),
        number=16,
    ),
    Attack(
        "equal to everything",
        ALWAYS_EQUAL + "def f(x):\n    return Equal()",
        held_by=("verdict on the host",),
        number=17,
    ),
    *(
        Attack(
            f"{kind} that equals everything",
            ALWAYS_EQUAL + f"class Mine({kind}, Equal):\n    __eq__ = Equal.__eq__\n"
            f"    __ne__ = Equal.__ne__\n    __hash__ = Equal.__hash__\n"
            f"def f(x):\n    return Mine()",
            held_by=("verdict on the host",),
            number=18,
            expected=out,
        )
        for kind, out in (("int", (3, 4)), ("str", ("a", "b")), ("list", ([1], [2])))
    ),
    Attack(
        "True for 1, 3.0 for 3",
        "def f(x):\n    return True if x == 1 else 3.0",
        held_by=("exact types",),
        number=19,
        expected=(1, 3),
    ),
    Attack(
        "patch what compares and what writes",
        """
import builtins, json, operator, sys
class Equal:
    __eq__ = __ne__ = lambda self, other: True
for module in list(sys.modules.values()):
    for name in ("to_json", "same", "line_of", "give"):
        if hasattr(module, name):
            setattr(module, name, lambda *args, **kwargs: b"")
json.dumps = lambda *args, **kwargs: '{"ended": "value", "error": "", "value": true}'
operator.eq = lambda a, b: True
builtins.all = builtins.any = lambda *args: True
builtins.repr = builtins.str = lambda *args: "passed"
def f(x):
    return Equal()
""",
        held_by=("verdict on the host",),
        number=20,
    ),
    Attack(
        "records written twice",
        f"import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'{RECORD}\\n' * 2)\n"
        "    except OSError:\n        pass\ndef f(x):\n    return 7",
        held_by=("verdict on the host",),
        number=21,
    ),
    Attack(
        "words of a harness",
        """
import os
def f(x):
    print("passed\\nPASS\\nok\\n1 passed", flush=True)
    for fd in range(1, 20):
        try:
            os.write(fd, b'{"passed": true, "result": "passed", "exit": 0}\\n')
        except OSError:
            pass
    os._exit(0)
""",
        held_by=("verdict on the host",),
        number=21,
    ),
    Attack(
        "find the expected value in frames and heap",
        FRAMES
        + """
def f(x):
    for frame in around():
        for values in (frame.f_locals, frame.f_globals):
            for name in ("expected", "exp", "answer", "want"):
                if name in values:
                    return values[name]
    return 0
""",
        held_by=("verdict on the host",),
        number=23,
    ),
    Attack(
        "write the verdict into the judge's variables",
        FRAMES
        + """
def f(x):
    for frame in around():
        for values in list(frame.f_globals.values()) + list(frame.f_locals.values()):
            if isinstance(values, dict) and "passed" in values:
                values["passed"] = True
                os._exit(0) if frame.f_globals.get("FAST") else None
    raise SystemExit(0)
""",
        held_by=("verdict on the host",),
        number=23,
    ),
    Attack(
        "a number of 200,000 digits",
        "def f(x):\n    return 10 ** 200_000",
        held_by=("bounded reading",),
        number=34,
    ),
    Attack(
        "digits written by hand",
        WRITE
        + """
value("9" * 200_000)
os._exit(0)
""",
        held_by=("bounded reading",),
        number=34,
    ),
    Attack(
        "lists in lists, 200,000 deep",
        WRITE
        + """
value("[" * 200_000 + "]" * 200_000)
os._exit(0)
""",
        held_by=("bounded reading",),
        number=34,
    ),
    Attack(
        "half a surrogate",
        "def f(x):\n    return '\\ud800' * 3",
        held_by=("verdict on the host",),
        number=34,
    ),
    # --- ours ---
    Attack(
        "thirty thousand keys with one hash",
        WRITE
        + """
pairs = [f"[{i * (2**61 - 1)}, 0]" for i in range(30_000)]
value('{"$": "dict", "v": [' + ", ".join(pairs) + "]}")
os._exit(0)
""",
        held_by=("bounded reading",),
        inputs=((1,),),
        expected=({1: 2},),
    ),
    Attack(
        "tags of values, malformed",
        WRITE
        + """
for text in (
    '{"$": "tuple"}', '{"$": "os.system", "v": 1}', '{"$": "set", "v": [[1]]}', "NaN",
    '{"$": "bytes", "v": 5}', '{"$": ["x"], "v": 1}', '{"$": "dict", "v": [[{"$": "set"}, 1]]}',
):
    value(text)
os._exit(0)
""",
        held_by=("bounded reading",),
        number=34,
        inputs=tuple((n,) for n in range(7)),
    ),
    Attack(
        "endings that only the runner may say",
        WRITE
        + """
for ended in ("time_limit", "crash", "output_limit", "no_result", "passed", 7, {}):
    write('{"ended": "%s", "error": "", "value": 1}' % ended)
os._exit(0)
""",
        held_by=("verdict on the host",),
        inputs=tuple((n,) for n in range(7)),
    ),
    Attack(
        "an error that is a thousand lists deep",
        WRITE
        + """
for deep in (400, 900, 950, 980):
    write('{"ended": "exception", "value": 1, "error": ' + "[" * deep + "]" * deep + "}")
os._exit(0)
""",
        held_by=("bounded reading",),
        inputs=tuple((n,) for n in range(4)),
    ),
    Attack(
        "killed by its own hand, to have no verdict",
        "import signal\ndef f(x):\n    signal.raise_signal(signal.SIGKILL)",
        held_by=("own process",),
    ),
    Attack(
        "ended by a signal without a name",
        "import signal\ndef f(x):\n    signal.raise_signal(40)",
        held_by=("own process",),
    ),
    Attack(
        "a million empty results",
        WRITE
        + """
write("\\n" * 1_000_000)
os._exit(0)
""",
        held_by=("bounded reading",),
        inputs=((1,),),
    ),
    Attack(
        "one record with its fields twice",
        WRITE
        + """
for _ in range(2):
    write('{"ended": "exception", "ended": "value", "error": "", "value": 1, "value": true}')
os._exit(0)
""",
        held_by=("exact types",),
        expected=(1, 1),
    ),
    Attack(
        "types exchanged in keys and members",
        """
from collections import Counter, OrderedDict
def f(x):
    return {True: {False}} if x == 1 else OrderedDict({(2.0, 0): Counter(a=1)})
""",
        held_by=("exact types",),
        expected=({1: {0}}, {(2, 0): {"a": 1}}),
    ),
    Attack(
        "an exception that lies and leaves",
        """
class Liar(Exception):
    def __str__(self):
        raise SystemExit(0)
    __repr__ = __str__
def f(x):
    raise Liar
""",
        held_by=("verdict on the host",),
    ),
    Attack(
        "a class that claims to be int",
        """
class Meta(type):
    __eq__ = __instancecheck__ = __subclasscheck__ = lambda *args: True
    __hash__ = type.__hash__
class Int(int, metaclass=Meta):
    __class__ = int
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__
def f(x):
    return Int(0)
""",
        held_by=("verdict on the host",),
    ),
    Attack(
        "leave before the second input",
        "import os\ndef f(x):\n    if x == 2:\n        os._exit(0)\n    return True",
        held_by=("verdict on the host",),
        expected=(True, True),
    ),
    Attack(
        "report of its own at exit",
        "import atexit, os\natexit.register(os._exit, 0)\ndef f(x):\n    raise SystemExit(1)",
        held_by=("verdict on the host",),
    ),
    Attack(
        "checked: equal to everything",
        ALWAYS_EQUAL + "def f(x):\n    return Equal()",
        held_by=("verdict on the host",),
        checked=True,
    ),
    Attack(
        "checked: a result where only the checker may give one",
        f"import os\nos.write(4, b'{RECORD}\\n')\nos._exit(0)\ndef f(x): pass",
        held_by=("verdict on the host",),
        checked=True,
    ),
    Attack(
        "checked: answers before questions",
        "import os\nfor fd in (5, 6):\n    try:\n"
        f"        os.write(fd, b'{RECORD}\\n' * 9)\n    except OSError:\n        pass\n"
        "def f(x):\n    os._exit(0)",
        held_by=("verdict on the host",),
        checked=True,
    ),
    Attack(
        "checked: an exception that ends the checker",
        WRITE
        + """
os.write(6, b'{"ended": "exception", "error": "SystemExit: 0", "value": null}\\n')
def f(x):
    raise SystemExit(0)
""",
        held_by=("verdict on the host",),
        checked=True,
    ),
)
