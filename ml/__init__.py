"""Find faces, read expressions, and train the network that reads them.

Plain Python: nothing in this package imports Django or Celery. Modules that import TensorFlow are architecture,
augmentation, training, classifier, detection, pipeline and prediction; the others are cheap to import.
"""
