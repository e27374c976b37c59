"""The bar for a bucket of 10,000 objects, against a real S3 server."""

from tests.benchmarks.sync_10000 import BACKUPS, BAR_SECONDS, fill, measure
from tests.environment.s3_servers import RcloneS3
from tests.environment.s3_storages import s3_storage


def test_a_bucket_of_ten_thousand_objects_is_synced_within_the_bar() -> None:
    with RcloneS3(arguments=("--dir-cache-time", "1h")) as server:
        fill(server.bucket_directory)

        seconds, backups = measure(s3_storage(server))

    assert backups == BACKUPS
    assert max(seconds) < BAR_SECONDS
