"""Many tasks: runner, metrics, formats, report."""
