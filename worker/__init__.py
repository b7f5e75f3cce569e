"""The process that a subject runs in: it loads the subject, answers requests, and knows no case, bound or requirement.

The judge is another process, which reads and writes what goes between them. Nothing here imports the judge; what makes
a call here also makes it for an object that is judged where it is.
"""
