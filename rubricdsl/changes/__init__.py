"""What changed between two versions of a rubric, and whom the change breaks."""
