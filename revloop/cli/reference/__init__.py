"""Settings, metrics, tenant profiles and detectors of the code come in; their reference pages go out."""
