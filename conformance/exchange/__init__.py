"""What passes between this suite and other languages: programs that answer requests, vectors, and their schemas."""
