"""The camera box: from frames to published traffic measurements."""
