"""The marking desk: a local web application on which people mark written answers and decide what is open."""
