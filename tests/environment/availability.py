"""The one reason for which a test may be left out of a run."""

import pytest

from tests.environment.docker_engine import MYSQL_IMAGE, ImageUnavailableError, ensure_image


def require_mysql_image(image: str = MYSQL_IMAGE) -> str:
    """Return an image with MySQL, or leave the test out when Debian's packages for it cannot be installed today."""
    try:
        return ensure_image(image)
    except ImageUnavailableError as error:
        pytest.skip(f"the MySQL image cannot be built: {str(error)[-200:]}")
