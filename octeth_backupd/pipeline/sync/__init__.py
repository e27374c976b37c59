"""The operation "sync": catalog and storage backends compared, and the catalog put right."""
