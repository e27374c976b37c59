"""What a run says while it goes on."""

from __future__ import annotations

from octeth_backupd.domain.events import ProgramOutput, StepProgress, Warned
from tests.fakes.runs import RecordedContext


def test_everything_a_run_says_carries_its_id_its_server_and_the_time() -> None:
    recorded = RecordedContext()
    context = recorded.context

    context.output_of("tar")("a line")
    context.warn("odd")
    context.progress("backup", done_bytes=1, total_bytes=2, rate_bytes_per_second=0.5)

    marks = {(event.run_id, event.server, event.at) for event in recorded.events}
    assert marks == {(context.run.run_id, "oempro", recorded.clock.now())}


def test_output_names_its_program_and_warnings_and_progress_keep_what_was_said() -> None:
    recorded = RecordedContext()

    recorded.context.output_of("tar")("a line")
    recorded.context.warn("odd")
    recorded.context.progress("backup", done_bytes=1, total_bytes=2, rate_bytes_per_second=0.5)

    output, warned, progress = recorded.events
    assert isinstance(output, ProgramOutput)
    assert (output.program, output.line) == ("tar", "a line")
    assert isinstance(warned, Warned)
    assert warned.message == "odd"
    assert isinstance(progress, StepProgress)
    assert (progress.step, progress.done_bytes, progress.total_bytes, progress.rate_bytes_per_second) == (
        "backup",
        1,
        2,
        0.5,
    )
