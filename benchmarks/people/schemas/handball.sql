CREATE TABLE teams (
  code CHAR(3) PRIMARY KEY,
  team_name VARCHAR(40) NOT NULL,
  city VARCHAR(40),
  founded INTEGER,
  arena_capacity INTEGER
);
CREATE TABLE players (
  id INTEGER PRIMARY KEY,
  first_name VARCHAR(40),
  last_name VARCHAR(40) NOT NULL,
  team_code CHAR(3) REFERENCES teams(code),
  position VARCHAR(10) CHECK (position IN ('keeper','wing','back','pivot')),
  birth_year INTEGER,
  shirt_no INTEGER,
  height_cm INTEGER
);
CREATE TABLE referees (
  id INTEGER PRIMARY KEY,
  name VARCHAR(40) NOT NULL,
  licence CHAR(1)             -- A, B or C
);
CREATE TABLE matches (
  id INTEGER PRIMARY KEY,
  played_on DATE NOT NULL,
  round_no INTEGER NOT NULL,
  home_code CHAR(3) NOT NULL REFERENCES teams(code),
  away_code CHAR(3) NOT NULL REFERENCES teams(code),
  home_goals INTEGER,         -- null until played
  away_goals INTEGER,
  spectators INTEGER,
  referee_id INTEGER REFERENCES referees(id)
);
CREATE TABLE player_stats (
  match_id INTEGER NOT NULL REFERENCES matches(id),
  player_id INTEGER NOT NULL REFERENCES players(id),
  goals INTEGER NOT NULL DEFAULT 0,
  suspensions INTEGER NOT NULL DEFAULT 0,
  red_card INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (match_id, player_id)
);
-- data
INSERT INTO teams (code, team_name, city, founded, arena_capacity) VALUES
  ('RAV', 'Ravens', 'Trondheim', 1921, 5200),
  ('LYN', 'Lynx', 'Bergen', 1948, 3400),
  ('BEA', 'Bears', 'Oslo', 1933, 8000),
  ('WHL', 'Whales', 'Tromso', 1967, 2100),
  ('FOX', 'Foxes', 'Oslo', 1974, 2800),
  ('ELK', 'Elks', 'Lillehammer', 1959, 3000),
  ('SEA', 'Seals', 'Stavanger', 1988, 4100),
  ('HAW', 'Hawks', 'Drammen', 1940, 3900),
  ('WOL', 'Wolves', 'Bodo', 1995, 1800),
  ('OTT', 'Otters', 'Kristiansand', 2003, 2500);

INSERT INTO players (id, first_name, last_name, team_code, position, birth_year, shirt_no, height_cm) VALUES
  (1, 'Henrik', 'Aas', 'RAV', 'pivot', 1996, 7, 194),
  (2, 'Ola', 'Berg', 'RAV', 'keeper', 1990, 1, 199),
  (3, 'Emil', 'Dahl', 'RAV', 'wing', 2001, 11, 182),
  (4, 'Jonas', 'Eng', 'LYN', 'back', 1998, 9, 190),
  (5, 'Petter', 'Foss', 'LYN', 'keeper', 1994, 16, 201),
  (6, 'Isak', 'Gran', 'LYN', 'wing', 2003, 22, 178),
  (7, 'Lars', 'Holt', 'BEA', 'pivot', 1993, 5, 197),
  (8, 'Nils', 'Iversen', 'BEA', 'back', 1999, 10, 188),
  (9, 'Mads', 'Jensen', 'BEA', 'wing', 2000, 14, 180),
  (10, 'Truls', 'Krog', 'WHL', 'back', 1989, 3, 192),
  (11, 'Sander', 'Lie', 'WHL', 'keeper', 2002, 12, 195),
  (12, 'Anders', 'Moe', 'FOX', 'pivot', 1997, 7, 198),
  (13, 'Filip', 'Nygaard', 'FOX', 'back', 1995, 8, 187),
  (14, 'Stian', 'Opdal', 'ELK', 'wing', 1998, 17, 181),
  (15, 'Kasper', 'Rud', 'ELK', 'back', 2004, 4, NULL),
  (16, 'Even', 'Strand', 'SEA', 'keeper', 1991, 1, 200),
  (17, 'Oskar', 'Tveit', 'SEA', 'wing', 2002, 19, 179),
  (18, 'Jo', 'Ulven', 'HAW', 'back', 1996, 13, 193),
  (19, 'Marius', 'Vik', 'HAW', 'pivot', 2000, 6, 196),
  (20, 'Tor', 'Wold', 'WOL', 'back', 1992, 2, 189);

INSERT INTO referees (id, name, licence) VALUES
  (1, 'Skar', 'A'),
  (2, 'Bakke', 'B'),
  (3, 'Hovland', 'A'),
  (4, 'Myhre', 'A'),
  (5, 'Solberg', 'C'),
  (6, 'Tangen', 'B'),
  (7, 'Ruud', 'A'),
  (8, 'Haug', 'B'),
  (9, 'Lunde', 'C'),
  (10, 'Fjeld', 'B');

INSERT INTO matches (id, played_on, round_no, home_code, away_code, home_goals, away_goals, spectators, referee_id) VALUES
  (1, '2024-01-06', 1, 'HAW', 'RAV', 23, 24, 3730, 9),
  (2, '2024-01-07', 1, 'HAW', 'WHL', 26, 32, 4546, 2),
  (3, '2024-01-06', 1, 'SEA', 'ELK', 35, 28, 394, 3),
  (4, '2024-01-07', 1, 'SEA', 'RAV', 31, 19, 1673, 1),
  (5, '2024-01-13', 2, 'ELK', 'RAV', 22, 22, 4827, 1),
  (6, '2024-01-14', 2, 'RAV', 'WHL', 27, 23, 4846, 1),
  (7, '2024-01-13', 2, 'BEA', 'SEA', 28, 32, 3642, 7),
  (8, '2024-01-14', 2, 'WHL', 'RAV', 20, 35, 960, 1),
  (9, '2024-01-20', 3, 'BEA', 'HAW', 32, 35, 1109, 1),
  (10, '2024-01-21', 3, 'WHL', 'SEA', 36, 33, 4881, 7),
  (11, '2024-01-20', 3, 'RAV', 'ELK', 35, 31, 4857, 8),
  (12, '2024-01-21', 3, 'FOX', 'HAW', 25, 25, 2464, 2),
  (13, '2024-01-27', 4, 'WOL', 'ELK', 24, 30, 918, 1),
  (14, '2024-01-28', 4, 'ELK', 'WHL', 36, 33, 2760, 3),
  (15, '2024-01-27', 4, 'HAW', 'BEA', 28, 19, 1519, 1),
  (16, '2024-01-28', 4, 'RAV', 'WOL', 33, 31, 2938, 1),
  (17, '2024-02-03', 5, 'HAW', 'SEA', 31, 28, 4816, 7),
  (18, '2024-02-04', 5, 'WHL', 'FOX', 32, 27, 4701, 2),
  (19, '2024-02-03', 5, 'FOX', 'WHL', NULL, NULL, NULL, 6),
  (20, '2024-02-04', 5, 'WOL', 'BEA', NULL, NULL, NULL, 7),
  (21, '2024-02-10', 6, 'WOL', 'LYN', NULL, NULL, NULL, NULL),
  (22, '2024-02-11', 6, 'WHL', 'WOL', NULL, NULL, NULL, 4);

INSERT INTO player_stats (match_id, player_id, goals, suspensions, red_card) VALUES
  (1, 3, 0, 1, 0),
  (1, 18, 7, 0, 0),
  (2, 11, 0, 1, 0),
  (2, 19, 7, 0, 0),
  (3, 14, 6, 1, 1),
  (3, 17, 2, 1, 0),
  (4, 1, 1, 2, 0),
  (4, 17, 8, 2, 0),
  (5, 1, 9, 1, 0),
  (5, 2, 0, 0, 0),
  (5, 3, 6, 1, 0),
  (6, 3, 9, 2, 0),
  (7, 7, 9, 2, 0),
  (7, 8, 0, 0, 0),
  (7, 9, 0, 2, 0),
  (7, 17, 4, 0, 1),
  (8, 3, 4, 1, 0),
  (9, 7, 8, 2, 0),
  (9, 8, 2, 0, 0),
  (9, 18, 0, 0, 0),
  (10, 10, 1, 0, 0),
  (10, 16, 0, 0, 0),
  (11, 1, 8, 0, 0),
  (11, 2, 0, 2, 0),
  (11, 14, 1, 2, 0);
