"""MLflow's database and folders, read and written without MLflow."""
