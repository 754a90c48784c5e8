"""The trainer dies while it trains: the run goes on from its last complete epoch and ends in one candidate."""

import pytest

from tests.support import training
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.model]
EPOCHS = 20


@pytest.fixture
def stack(tmp_path):
    """Run the parts that training needs; `kill` ends one as a power cut would."""
    running = Stack(tmp_path).prepare()
    try:
        for name in ("redis", "worker", "beat"):
            running.start(name)
        yield running
    finally:
        running.stop()


def column(stack, name):
    return stack.rows(f"SELECT {name} FROM emotion_trainingrun")[0][0]


def test_a_trainer_killed_while_training_goes_on_from_its_checkpoint(stack):
    training.prepare(stack, samples=40)
    training.start(stack, epochs=EPOCHS)
    assert column(stack, "status") == "queued"
    stack.start("trainer")
    wait_for(lambda: column(stack, "epoch") >= 4, "the fourth epoch", seconds=240)
    stack.kill("trainer")
    assert column(stack, "status") == "running"
    token = column(stack, "claim_token")
    stack.start("trainer")
    wait_for(lambda: column(stack, "claim_token") not in (None, token), "another claim", seconds=240)
    wait_for(lambda: "Going on after epoch" in column(stack, "log"), "the checkpoint", seconds=240)
    gone_on_after = int(column(stack, "log").split("Going on after epoch ")[1].split(".")[0])
    assert 3 <= gone_on_after < EPOCHS
    wait_for(lambda: column(stack, "is_open") in (0, False), "the end", seconds=300)
    assert (column(stack, "status"), column(stack, "error")) == ("done", "")
    versions = stack.rows("SELECT status FROM emotion_modelversion WHERE run_id IS NOT NULL")
    assert versions == [("candidate",)]
    (run,) = (stack.folder / "training").iterdir()
    epochs = [line.split(",")[0] for line in (run / "log.csv").read_text().splitlines()[1:]]
    assert epochs == [str(number) for number in range(1, EPOCHS + 1)]
