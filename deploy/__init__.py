"""How does Weftly come to Google Cloud? The bundle, the steps of the pipeline, and what is asked of a deployment."""
