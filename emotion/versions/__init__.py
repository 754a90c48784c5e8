"""Versions of the network: registered, measured, compared, promoted, rolled back.

`services` changes them, `selectors` reads them, `evaluating` measures one beside the active one, `gates` says what a
promotion asks for, `imports` takes artifacts from outside, `shadow` lets a candidate look on.

What `ModelVersion.evaluation` holds, JSON:

    {"sets": {"PublicTest": an evaluation of ml.evaluation, "site": the same form, on samples held out here},
     "robustness": of ml.robustness, "latency_ms": one face, "size": bytes,
     "compared_with": the version that read at the time,
     "reference": that version's sets, robustness, latency_ms and size, measured in the same process on the same rows,
     "comparison": disagreements of both by data set}
"""
