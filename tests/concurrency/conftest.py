import pytest

from tests.support.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    running = Stack(tmp_path_factory.mktemp("site")).prepare()
    try:
        yield running.start_all()
    finally:
        running.stop()
