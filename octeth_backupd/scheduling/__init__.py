"""Time comes in: schedules, due slots and the scheduler."""
