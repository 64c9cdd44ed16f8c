"""anywidget classes: live views of runs in a notebook."""
