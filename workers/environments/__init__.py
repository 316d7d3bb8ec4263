"""Builds lab environments: one definition, a Docker image or an unpacked tree for bubblewrap."""

from workers.environments.base import Builder, BuildError, Progress, split_step

__all__ = ["BuildError", "Builder", "Progress", "builder_for", "split_step"]


def builder_for(driver_name: str) -> Builder:
    """The builder whose images the named sandbox driver (``docker`` or ``bubblewrap``) starts."""
    if driver_name == "docker":
        from workers.environments.docker import DockerBuilder

        return DockerBuilder()
    if driver_name == "bubblewrap":
        from workers.environments.bubblewrap import BubblewrapBuilder

        return BubblewrapBuilder()
    raise ValueError(f"no environment builder for driver {driver_name!r}: docker or bubblewrap")
