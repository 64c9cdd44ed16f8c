"""What is asked of runs and processes in tests."""

from pathlib import Path

from patience import PATIENCE, until


def pid_of(client, run):
    """The process that a task has put into its metadata."""
    return until(lambda: client.runs.retrieve(run).metadata.get("pid"), "the start")


def output_of(client, run_id, timeout=PATIENCE):
    """What a run that is known by its id alone ends with; its error is raised."""
    until(lambda: client.runs.retrieve(run_id).is_terminal, "the end of the run", timeout)
    return client.runs.retrieve(run_id).unwrap()


def is_alive(pid):
    """Whether there is such a process, and not only what is left of it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
