CREATE TABLE artist (
  artist_id INTEGER PRIMARY KEY,
  display_name TEXT NOT NULL,
  nationality TEXT,
  birth_year INTEGER,
  death_year INTEGER
);
CREATE TABLE artwork (
  artwork_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  artist_id INTEGER NOT NULL REFERENCES artist(artist_id),
  year_made INTEGER,
  medium TEXT,
  height_cm REAL,
  width_cm REAL,
  acquired_year INTEGER,
  room TEXT                      -- null = in storage
);
CREATE TABLE exhibition (
  exhibition_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  opens_on TEXT NOT NULL,
  closes_on TEXT NOT NULL,
  curator TEXT,
  ticket_price NUMERIC
);
CREATE TABLE exhibition_artwork (
  exhibition_id INTEGER NOT NULL REFERENCES exhibition(exhibition_id),
  artwork_id INTEGER NOT NULL REFERENCES artwork(artwork_id),
  wall_label TEXT,
  PRIMARY KEY (exhibition_id, artwork_id)
);
CREATE TABLE loan_out (
  loan_id INTEGER PRIMARY KEY,
  artwork_id INTEGER NOT NULL REFERENCES artwork(artwork_id),
  borrower TEXT NOT NULL,
  sent_on TEXT NOT NULL,
  back_on TEXT,                  -- null while still away
  insured_value INTEGER
);
CREATE VIEW v_artwork_full AS
  SELECT w.artwork_id, w.title, a.display_name AS artist_name, a.nationality, w.year_made, w.medium, w.room
  FROM artwork w JOIN artist a ON a.artist_id = w.artist_id;
CREATE VIEW v_on_loan AS
  SELECT l.loan_id, w.title, l.borrower, l.sent_on, l.insured_value
  FROM loan_out l JOIN artwork w ON w.artwork_id = l.artwork_id
  WHERE l.back_on IS NULL;
-- data
INSERT INTO artist (artist_id, display_name, nationality, birth_year, death_year) VALUES
  (1, 'Hanna Brask', 'Norwegian', 1881, 1947),
  (2, 'Piet Verhoeven', 'Dutch', 1622, 1671),
  (3, 'Lucía Arrieta', 'Spanish', 1902, 1988),
  (4, 'Unknown master', NULL, 1480, NULL),
  (5, 'Emil Kostner', 'Austrian', 1899, 1965),
  (6, 'Yara Haddad', 'Lebanese', 1954, NULL),
  (7, 'George Penhallow', 'British', 1811, 1869),
  (8, 'Ana Sequeira', 'Portuguese', 1931, 2010),
  (9, 'Ito Shunsen', 'Japanese', 1790, 1852),
  (10, 'Clara Wendt', 'German', 1968, NULL),
  (11, 'Jan van Doorn', 'Dutch', 1599, 1654),
  (12, 'Mireia Soler', 'Spanish', 1975, NULL);

INSERT INTO artwork (artwork_id, title, artist_id, year_made, medium, height_cm, width_cm, acquired_year, room) VALUES
  (1, 'Fjord at dusk', 1, 1912, 'oil on canvas', 74, 110, 1931, 'A1'),
  (2, 'Self-portrait with pipe', 2, 1650, 'oil on panel', 51, 40, 1898, 'B2'),
  (3, 'Still life with lemon', 2, 1658, 'oil on panel', 38, 55, 1898, 'B2'),
  (4, 'The Harvest', 3, 1937, 'gouache', 60, 45, 1990, NULL),
  (5, 'Annunciation', 4, 1475, 'tempera', 120, 92, 1902, 'C1'),
  (6, 'Railway Bridge', 5, 1928, 'oil on canvas', 90, 130, 1955, 'A1'),
  (7, 'Portrait of Frau M.', 5, 1934, 'oil on canvas', 66, 52, NULL, 'A2'),
  (8, 'Cedars I', 6, 1991, 'print', 50, 70, 2003, 'D1'),
  (9, 'Cedars II', 6, 1992, 'print', 50, 70, 2003, 'D1'),
  (10, 'Storm over Fowey', 7, 1843, 'watercolour', 28, 41, 1921, 'B1'),
  (11, 'Azulejo study', 8, 1968, 'gouache', 44, 44, 2012, NULL),
  (12, 'River crossing', 9, 1835, 'print', 25, 38, 1908, 'D2'),
  (13, 'Untitled (blue)', 10, 2011, 'mixed media', 200, 150, 2015, 'D1'),
  (14, 'Winter market', 11, 1633, 'oil on panel', 47, 71, 1899, 'B2'),
  (15, 'The Letter', 11, 1641, 'oil on panel', 35, 29, 1899, 'B2'),
  (16, 'Night bus', 12, 2018, 'oil on canvas', 100, 140, 2021, 'D1'),
  (17, 'Fishing boats', 1, 1908, 'watercolour', 31, 46, NULL, 'B1'),
  (18, 'Three figures', 3, 1951, 'bronze', 172, NULL, 1990, NULL);

INSERT INTO exhibition (exhibition_id, name, opens_on, closes_on, curator, ticket_price) VALUES
  (1, 'Dutch Light', '2022-03-01', '2022-08-31', 'M. Lefebvre', 12.0),
  (2, 'Paper Worlds', '2022-10-15', '2023-01-20', 'S. Onuoha', 9.5),
  (3, 'Women who painted', '2023-03-08', '2023-09-10', 'S. Onuoha', 14.0),
  (4, 'North', '2023-11-01', '2024-02-29', 'K. Aune', 11.0),
  (5, 'Iberia Modern', '2024-04-12', '2024-09-30', 'M. Lefebvre', 13.5),
  (6, 'Cedar and Stone', '2024-10-05', '2025-01-12', 'K. Aune', 10.0),
  (7, 'Small Formats', '2021-05-01', '2021-09-15', 'J. Pask', 7.0),
  (8, 'Storms', '2021-11-11', '2022-02-20', 'J. Pask', 8.0),
  (9, 'The Other Portrait', '2025-02-14', '2025-06-30', 'S. Onuoha', 12.5),
  (10, 'Archive Open Days', '2025-09-01', '2025-09-07', NULL, 0);

INSERT INTO exhibition_artwork (exhibition_id, artwork_id, wall_label) VALUES
  (1, 2, 'L02'),
  (1, 3, 'L03'),
  (1, 14, 'L14'),
  (1, 15, NULL),
  (2, 8, 'L16'),
  (2, 9, 'L18'),
  (2, 12, 'L24'),
  (2, 10, NULL),
  (2, 4, 'L08'),
  (3, 1, 'L03'),
  (3, 4, 'L12'),
  (3, 8, 'L24'),
  (3, 13, 'L39'),
  (3, 16, 'L08'),
  (4, 1, 'L04'),
  (4, 17, 'L28'),
  (5, 4, NULL),
  (5, 11, NULL),
  (5, 18, NULL),
  (5, 16, NULL),
  (6, 8, 'L08'),
  (6, 9, 'L14'),
  (8, 10, NULL),
  (9, 2, 'L18'),
  (9, 7, 'L23');

INSERT INTO loan_out (loan_id, artwork_id, borrower, sent_on, back_on, insured_value) VALUES
  (1, 3, 'Tate', '2021-04-20', '2024-10-15', 15000),
  (2, 6, 'Rijksmuseum', '2022-03-28', '2024-11-15', 120000),
  (3, 8, 'Kunsthaus Graz', '2020-10-10', '2024-12-15', 900000),
  (4, 1, 'Tate', '2020-08-25', '2024-10-15', 120000),
  (5, 13, 'MNAC', '2023-11-15', NULL, 2500000),
  (6, 5, 'Prado', '2019-07-17', '2024-12-15', 40000),
  (7, 2, 'Rijksmuseum', '2024-05-23', '2024-10-15', 120000),
  (8, 10, 'Falmouth Gallery', '2019-06-26', '2024-11-15', 40000),
  (9, 9, 'Kunsthaus Graz', '2023-06-08', '2024-12-15', 900000),
  (10, 14, 'Rijksmuseum', '2024-02-18', NULL, 900000),
  (11, 18, 'MNAC', '2024-04-04', '2024-11-15', 15000),
  (12, 1, 'Nasjonalmuseet', '2019-06-20', '2024-12-15', 40000),
  (13, 12, 'British Museum', '2021-06-23', '2024-10-15', 120000),
  (14, 6, 'MNAC', '2021-10-03', NULL, 2500000);
