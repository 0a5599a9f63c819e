-- :name is ours, :types a list in brackets or nothing, :statement one statement of somebody.
PREPARE :name:types AS :statement
