"""Measure what a training run costs readings, alone and beside one: `python -m bench.training_beside`.

The photo is NASA's portrait of Eileen Collins from scikit-image, read by the shipped network in this process.
The run is a process of its own, at nice 19 and with as many threads as the site gives it, training on random faces.
It is halted and let go in turn.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from bench.report import document, table

BLOCK = 10
TRAIN = """
import sys
from pathlib import Path
import numpy as np
from ml.material import Samples, mixed
from ml.training import Trainer, TrainingConfig
rng = np.random.default_rng(1)
faces = rng.integers(0, 256, (512, 48, 48)).astype(np.uint8)
none = np.zeros(512, bool)
made = mixed(Samples(faces, np.arange(512) % 8, none, none, "bench"), None)
trainer = Trainer(made, Path(sys.argv[1]) / "run", TrainingConfig(schedule=((48, 1000),), batch_size=32))
trainer.fit(progress=lambda now: now.step == 1 and print("started", flush=True), bar=False)
"""


def times(read: Callable[[], Any], readings: int) -> list[float]:
    """Return the milliseconds of each of some readings."""
    found = []
    for _ in range(readings):
        before = time.perf_counter()
        read()
        found.append((time.perf_counter() - before) * 1000)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure readings beside a training run.")
    parser.add_argument("--readings", type=int, default=100)
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 1) - 1))
    options = parser.parse_args()
    from PIL import Image
    from skimage import data

    from ml.pipeline import Pipeline

    photo, pipeline = Image.fromarray(data.astronaut()), Pipeline.load()
    threads = {"TF_NUM_INTRAOP_THREADS": str(options.threads), "OMP_NUM_THREADS": str(options.threads)}
    alone: list[float] = []
    beside: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.Popen(
            ["nice", "-n", "19", sys.executable, "-c", TRAIN, folder],
            env={**os.environ, **threads, "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert run.stdout is not None
            if not run.stdout.readline():
                raise SystemExit("the training run ended before its first batch")
            times(lambda: pipeline.read(photo), 5)
            load = os.getloadavg()[0]
            # In turn, so that other work on the machine falls on both sides alike.
            for _ in range(max(1, options.readings // BLOCK)):
                run.send_signal(signal.SIGSTOP)
                alone += times(lambda: pipeline.read(photo), BLOCK)
                run.send_signal(signal.SIGCONT)
                beside += times(lambda: pipeline.read(photo), BLOCK)
        finally:
            run.kill()
            run.wait()
    figures = {
        "alone_ms": statistics.median(alone),
        "beside_ms": statistics.median(beside),
        "alone_p95_ms": statistics.quantiles(alone, n=20)[-1],
        "beside_p95_ms": statistics.quantiles(beside, n=20)[-1],
    }
    ratio = figures["beside_ms"] / figures["alone_ms"]
    rows = [
        ("alone", f"{figures['alone_ms']:.0f} ms", f"{figures['alone_p95_ms']:.0f} ms"),
        ("beside a run", f"{figures['beside_ms']:.0f} ms", f"{figures['beside_p95_ms']:.0f} ms"),
        ("times as long", f"{ratio:.2f}", f"{figures['beside_p95_ms'] / figures['alone_p95_ms']:.2f}"),
    ]
    table(
        f"A photo of 512x512, {options.readings} readings, {options.threads} training threads, load {load:.1f} before",
        ["what", "median", "95th percentile"],
        rows,
    )
    document("training_beside", {"threads": options.threads, "load_before": round(load, 1), "ratio": round(ratio, 3),
                                 **{name: round(value, 1) for name, value in figures.items()}})  # fmt: skip


if __name__ == "__main__":
    main()
