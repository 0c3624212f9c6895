from tests.engine.conftest import stage as stage
