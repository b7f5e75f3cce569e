"""What a verdict looks like: on a terminal, in JSON, HTML, JUnit's XML and badges, and how to cite it."""
