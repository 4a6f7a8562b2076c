"""The sections of a report, each made of a record and of nothing else."""
