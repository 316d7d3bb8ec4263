from tests.sandbox_fixtures import _neighbour, driver_name, image, neighbour, sandboxes, session_bench

__all__ = ["_neighbour", "driver_name", "image", "neighbour", "sandboxes", "session_bench"]
