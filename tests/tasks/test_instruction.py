from ponder.graphs.checkpoints import serializer
from ponder.tasks import InstructionTask, task_from_json, task_to_json

TASK = InstructionTask("1", "Translate this.", "Guten Tag", "Good day")


def test_an_instruction_goes_through_the_store_unchanged() -> None:
    assert task_from_json(task_to_json(TASK)) == TASK


def test_an_instruction_goes_through_a_checkpoint_unchanged() -> None:
    held = serializer()

    assert held.loads_typed(held.dumps_typed(TASK)) == TASK
