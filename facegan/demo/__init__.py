"""The Gradio demo, one file a tab."""
