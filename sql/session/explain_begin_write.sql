-- Only after the second question: a statement that writes is run and rolled back.
BEGIN READ WRITE
