-- PREPARE is not rolled back: after an error the name is given up from here.
SAVEPOINT dytop
