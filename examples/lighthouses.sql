-- What `make demo` asks about. Change it, or name another file: make demo SCHEMA=shop.sql QUESTION="…"
CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, lighthouse_id INTEGER REFERENCES lighthouses(id), visitor TEXT, fee REAL
);
INSERT INTO lighthouses VALUES
    (1, 'Lindesnes', 'Norway', 16), (2, 'Utsira', 'Norway', 13),
    (3, 'Eckmühl', 'France', 60), (4, 'Lanterna', 'Italy', 77);
INSERT INTO visits VALUES
    (1, 1, 'Ana', 8), (2, 1, 'Bea', 8), (3, 3, 'Ana', 4), (4, 4, 'Dino', 6), (5, 2, 'Bea', 5);
