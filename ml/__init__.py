"""Find faces, read expressions, and train the network that reads them.

Plain Python: nothing in this package imports Django or Celery. architecture, augmentation and training import
TensorFlow; conversion, classifier, detection, pipeline and prediction import ONNX Runtime, which serves what was
trained; the others are cheap to import.
"""
