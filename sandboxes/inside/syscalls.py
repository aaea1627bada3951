"""The system calls that a candidate may make: a seccomp filter, compiled once by libseccomp.

Three answers. What a computation needs is allowed. What reaches beyond the process (other
processes, the network, namespaces, files to be made or changed, kernel interfaces that were broken
before) is denied with EPERM, so that a program sees a PermissionError and goes on; killing it would
hide what it tried. What neither list knows is answered ENOSYS, as a kernel without it would:
kernels grow system calls, and a C library tries the new ones and then takes the old.

A call through another architecture's table (32 bit, x32) kills the process: nothing honest does it.

It comes in two parts, since a process pays for its own at every start and inherits the other: the
zygote puts itself under the first, which is all of the above but for what it needs to make a
candidate; each candidate then adds the second, which denies just that. Of two answers the kernel
takes the stricter.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Any


def _names(text: str) -> list[str]:
    return text.split()


ALLOWED = _names("""
    brk mmap munmap mremap mprotect madvise mincore msync membarrier
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range
    open openat openat2 access faccessat faccessat2 stat lstat fstat newfstatat statx statfs fstatfs
    readlink readlinkat getdents getdents64 getcwd chdir fchdir umask getxattr lgetxattr fgetxattr
    listxattr llistxattr flistxattr fadvise64 readahead fsync fdatasync
    dup dup2 dup3 pipe pipe2 poll ppoll select pselect6 eventfd eventfd2 timerfd_create
    timerfd_settime timerfd_gettime signalfd signalfd4 epoll_create epoll_create1 epoll_ctl
    epoll_wait epoll_pwait epoll_pwait2
    futex futex_wait futex_wake futex_waitv futex_requeue set_robust_list get_robust_list rseq
    set_tid_address arch_prctl exit exit_group restart_syscall sched_yield sched_getaffinity
    sched_getparam sched_getscheduler sched_getattr sched_rr_get_interval sched_get_priority_max
    sched_get_priority_min getcpu
    rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack
    pause alarm setitimer getitimer nanosleep clock_nanosleep clock_gettime clock_getres
    gettimeofday time times timer_create timer_settime timer_gettime timer_getoverrun timer_delete
    getpid gettid getppid getpgid getpgrp getsid getuid geteuid getgid getegid getresuid getresgid
    getgroups getpriority getrlimit getrusage uname sysinfo getrandom wait4 waitid
""")
DENIED = _names("""
    vfork execve execveat ptrace process_vm_readv process_vm_writev process_madvise
    process_mrelease kcmp pidfd_open pidfd_getfd pidfd_send_signal kill tkill rt_sigqueueinfo
    rt_tgsigqueueinfo setpgid setpriority sched_setaffinity sched_setscheduler
    sched_setparam sched_setattr ioprio_set migrate_pages move_pages mbind set_mempolicy
    set_mempolicy_home_node get_mempolicy mlock mlock2 mlockall munlock munlockall
    socket socketpair bind connect listen accept accept4 getsockname getpeername getsockopt
    setsockopt sendmmsg recvmmsg shutdown
    setreuid setregid setresuid setresgid setfsuid setfsgid capget capset
    unshare setns chroot pivot_root mount umount umount2 mount_setattr move_mount open_tree fsopen
    fsconfig fsmount fspick swapon swapoff quotactl quotactl_fd
    creat mkdir mkdirat mknod mknodat link linkat symlink symlinkat unlink unlinkat rename renameat
    renameat2 rmdir chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat truncate ftruncate
    fallocate utime utimes utimensat futimesat setxattr lsetxattr fsetxattr removexattr lremovexattr
    fremovexattr name_to_handle_at open_by_handle_at sync syncfs sync_file_range flock inotify_init
    inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark
    sendfile splice tee vmsplice copy_file_range memfd_create memfd_secret userfaultfd
    shmget shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl
    mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
    io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents
    io_uring_setup io_uring_enter io_uring_register
    bpf perf_event_open keyctl add_key request_key landlock_create_ruleset landlock_add_rule
    landlock_restrict_self personality modify_ldt iopl ioperm pkey_alloc pkey_free pkey_mprotect
    remap_file_pages map_shadow_stack cachestat ioprio_get
    init_module finit_module delete_module kexec_load kexec_file_load reboot syslog acct vhangup
    sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex lookup_dcookie sysfs
    ustat _sysctl uselib create_module query_module get_kernel_syms nfsservctl
""")
HANDED_DOWN = _names("""
    fork setsid setuid setgid setgroups setrlimit seccomp sendto sendmsg recvfrom recvmsg
""")
"""What the zygote needs to make a candidate of a child, and no candidate does."""

EQUAL, UNEQUAL, MASKED = 4, 1, 7
CLONE_THREAD = 0x10000
OWN = 0x7EAD7EAD
"""Stands for the candidate's own pid until it is known."""
WORD = 0xFFFFFFFF
FCNTL_ALLOWED = (0, 1, 2, 3, 4, 1030, 1032)
"""Duplicate, flags, size of a pipe."""
FCNTL_DENIED = (5, 6, 7, 8, 10, 15, 36, 37, 38, 1024, 1026, 1031, 1033)
"""Locks, which may be on files that others use, too; F_SETOWN and F_SETSIG aim signals at others;
leases, notifications, larger pipes, seals."""
IOCTL_ALLOWED = (0x5401, 0x541B, 0x5421, 0x5413, 0x5451, 0x5450)
"""TCGETS and TIOCGWINSZ (is it a terminal?), FIONREAD, FIONBIO, FIOCLEX, FIONCLEX."""
PRCTL_ALLOWED = (15, 16)
"""A thread's name, set and got."""
PRCTL_HANDED_DOWN = (4, 22)
"""PR_SET_DUMPABLE, PR_SET_SECCOMP."""

Rule = tuple[bool, str, list[tuple[int, int, int, int]]]
"""Whether it is allowed, the system call, and (argument, comparison, operand, operand) of each."""


def zygote_rules() -> list[Rule]:
    """The first part. What is in no rule is answered ENOSYS."""
    plain: list[Rule] = [(True, name, []) for name in ALLOWED + HANDED_DOWN]
    # A child or a thread; clone3 hides its flags in memory, so it stays unknown and the C library
    # takes clone.
    plain += [(True, name, []) for name in ("clone", "tgkill", "prlimit64")]
    plain += [(False, name, []) for name in DENIED]
    return [
        *plain,
        *((True, "fcntl", [(1, MASKED, WORD, what)]) for what in FCNTL_ALLOWED),
        *((False, "fcntl", [(1, MASKED, WORD, what)]) for what in FCNTL_DENIED),
        *((True, "ioctl", [(1, MASKED, WORD, what)]) for what in IOCTL_ALLOWED),
        *((True, "prctl", [(0, MASKED, WORD, what)]) for what in PRCTL_ALLOWED + PRCTL_HANDED_DOWN),
    ]


def candidate_rules() -> list[Rule]:
    """The second part. What is in no rule is left to the first."""
    return [
        *((False, name, []) for name in HANDED_DOWN),
        (False, "clone", [(0, MASKED, CLONE_THREAD, 0)]),  # a thread, never a process
        (False, "tgkill", [(0, UNEQUAL, OWN, 0)]),  # abort() and threads signal the process itself
        (False, "prlimit64", [(2, UNEQUAL, 0, 0)]),  # limits are read, not set,
        (False, "prlimit64", [(0, UNEQUAL, 0, 0)]),  # and one's own
        *((False, "prctl", [(0, MASKED, WORD, what)]) for what in PRCTL_HANDED_DOWN),
    ]


ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
BAD_ARCHITECTURE, OPTIMIZE = 2, 8  # libseccomp's attributes


def for_zygote(architecture: int = 0) -> bytes:
    """The first part, compiled. Raises OSError as `compile_filter`."""
    return compile_filter(zygote_rules(), ERRNO | errno.ENOSYS, architecture)


def for_candidate(architecture: int = 0) -> bytes:
    """The second part, compiled. Raises OSError as `compile_filter`."""
    return compile_filter(candidate_rules(), ALLOW, architecture)


class _Comparison(ctypes.Structure):
    _fields_ = [
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    ]


def compile_filter(rules: list[Rule], otherwise: int, architecture: int = 0) -> bytes:
    """BPF instructions for this machine, or for an AUDIT_ARCH_… number; `otherwise` is the action
    where no rule applies.

    Raises:
        OSError: libseccomp is not here, or refuses.
    """
    library = _library()
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(otherwise)))
    try:
        if architecture:
            _checked(library.seccomp_arch_add(context, ctypes.c_uint32(architecture)), (0, -17))
            native = ctypes.c_uint32(library.seccomp_arch_native())
            if native.value != architecture:
                _checked(library.seccomp_arch_remove(context, native))
        _checked(library.seccomp_attr_set(context, BAD_ARCHITECTURE, ctypes.c_uint32(KILL_PROCESS)))
        # A tree instead of a chain; older libraries do without.
        library.seccomp_attr_set(context, OPTIMIZE, ctypes.c_uint32(2))
        for allowed, name, comparisons in rules:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number == -1:
                continue  # the library does not know it: ENOSYS
            action = ALLOW if allowed else ERRNO | errno.EPERM
            given = [_Comparison(*comparison) for comparison in comparisons]
            array = (_Comparison * max(1, len(given)))(*given)
            _checked(
                library.seccomp_rule_add_array(
                    context, ctypes.c_uint32(action), number, len(comparisons), array
                )
            )
        return _exported(library, context)
    finally:
        library.seccomp_release(context)


def _library() -> Any:
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    return library


def _exported(library: Any, context: ctypes.c_void_p) -> bytes:
    reading, writing = os.pipe()
    try:
        _checked(library.seccomp_export_bpf(context, writing))
        return os.read(reading, 2**16)  # a filter has 32 KiB at most, a pipe room for 64
    finally:
        os.close(reading)
        os.close(writing)


def _checked(result: int, fine: tuple[int, ...] = (0,)) -> None:
    if result not in fine:
        raise OSError(-result, f"libseccomp: {os.strerror(-result)}")


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


PR_SET_SECCOMP, MODE_FILTER = 22, 2


class Filter:
    """BPF instructions laid out for the kernel, but for the pid of whom they are for."""

    def __init__(self, instructions: bytes) -> None:
        size = len(instructions)
        self._buffer = ctypes.create_string_buffer(instructions, size)
        self._program = _Program(size // 8, ctypes.addressof(self._buffer))
        own = struct.pack("=I", OWN)
        self._pids = [at for at in range(4, size, 8) if instructions[at : at + 4] == own]

    def load(self, libc: Any, pid: int) -> None:
        """Put this thread, and whatever it starts, under the filter for good.

        Raises:
            OSError: the kernel refuses.
        """
        for at in self._pids:
            struct.pack_into("=I", self._buffer, at, pid)
        if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(self._program), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the system call filter was refused")
