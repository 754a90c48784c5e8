"""Choose music for a reading: the catalogue, the plane, the ranking, and the words for it."""
