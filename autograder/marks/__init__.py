"""What people decide about submissions: how it is kept, and what it comes to beside what the grader said."""
