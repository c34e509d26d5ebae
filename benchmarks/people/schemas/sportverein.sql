CREATE TABLE abteilung (
  abt_nr INTEGER PRIMARY KEY,
  bezeichnung TEXT NOT NULL,
  monatsbeitrag NUMERIC NOT NULL      -- EUR
);
CREATE TABLE mitglied (
  mitglied_nr INTEGER PRIMARY KEY,
  vorname TEXT NOT NULL,
  nachname TEXT NOT NULL,
  geburtsdatum DATE,
  ort TEXT,
  geschlecht TEXT CHECK (geschlecht IN ('m','w','d')),
  eintritt DATE NOT NULL,             -- date joined
  austritt DATE                       -- date left, null = still a member
);
CREATE TABLE trainer (
  trainer_nr INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  abt_nr INTEGER REFERENCES abteilung(abt_nr),
  stundensatz NUMERIC                 -- null = unpaid
);
CREATE TABLE mitglied_abteilung (
  mitglied_nr INTEGER NOT NULL REFERENCES mitglied(mitglied_nr),
  abt_nr INTEGER NOT NULL REFERENCES abteilung(abt_nr),
  seit DATE,
  PRIMARY KEY (mitglied_nr, abt_nr)
);
CREATE TABLE beitrag (                -- yearly fees
  beitrag_id INTEGER PRIMARY KEY,
  mitglied_nr INTEGER NOT NULL REFERENCES mitglied(mitglied_nr),
  jahr INTEGER NOT NULL,
  betrag NUMERIC NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('offen','bezahlt','gemahnt'))
);
-- data
INSERT INTO abteilung (abt_nr, bezeichnung, monatsbeitrag) VALUES
  (1, 'Fussball', 14.0),
  (2, 'Turnen', 9.5),
  (3, 'Schwimmen', 16.0),
  (4, 'Tischtennis', 8.0),
  (5, 'Judo', 12.0),
  (6, 'Wandern', 5.0),
  (7, 'Volleyball', 11.0),
  (8, 'Schach', 6.5),
  (9, 'Tanzen', 18.0),
  (10, 'Bogenschiessen', 13.0);

INSERT INTO mitglied (mitglied_nr, vorname, nachname, geburtsdatum, ort, geschlecht, eintritt, austritt) VALUES
  (200, 'Anke', 'Richter', '1979-04-12', 'Celle', 'w', '2012-06-05', NULL),
  (201, 'Bernd', 'Oltmann', '1961-09-30', 'Celle', 'm', '2012-03-25', NULL),
  (202, 'Cem', 'Yildiz', '2009-02-03', 'Uelzen', 'm', '2014-05-24', NULL),
  (203, 'Dora', 'Fink', '1988-12-24', 'Munster', 'w', '2014-01-17', '2023-06-30'),
  (204, 'Erik', 'Thoms', '2012-06-18', 'Celle', 'm', '2015-04-20', NULL),
  (205, 'Frida', 'Lange', '1995-01-07', 'Soltau', 'w', '2016-06-23', '2022-12-31'),
  (206, 'Gerd', 'Pohl', '1948-11-11', 'Uelzen', 'm', '2014-06-24', NULL),
  (207, 'Helga', 'Pohl', '1950-03-15', 'Uelzen', 'w', '2021-08-14', NULL),
  (208, 'Ivana', 'Horvat', '2001-08-29', 'Soltau', 'w', '2022-09-03', '2024-03-31'),
  (209, 'Jonas', 'Beck', '1990-05-05', 'Celle', 'm', '2013-04-24', NULL),
  (210, 'Karin', 'Voigt', '1972-10-02', 'Munster', 'w', '2018-03-04', NULL),
  (211, 'Lars', 'Meinhardt', '1983-07-21', 'Soltau', 'm', '2015-02-28', NULL),
  (212, 'Mia', 'Richter', '2011-03-09', 'Celle', 'w', '2015-10-27', NULL),
  (213, 'Nele', 'Busch', '2005-01-01', NULL, 'w', '2022-04-12', NULL),
  (214, 'Ole', 'Janssen', '1966-02-28', 'Uelzen', 'm', '2018-06-13', '2023-12-31'),
  (215, 'Paula', 'Kern', '1999-12-01', 'Munster', 'w', '2018-09-27', NULL);

INSERT INTO trainer (trainer_nr, name, abt_nr, stundensatz) VALUES
  (1, 'Kuhn', 1, 28.0),
  (2, 'Deniz', 1, 22.5),
  (3, 'Lohmann', 2, 20.0),
  (4, 'Seidel', 3, 31.0),
  (5, 'Marx', 3, NULL),
  (6, 'Wu', 4, 18.0),
  (7, 'Sato', 5, 35.0),
  (8, 'Pohl', 6, NULL),
  (9, 'Brandt', 7, 24.0),
  (10, 'Ferreira', 9, 40.0),
  (11, 'Novak', 9, 38.5);

INSERT INTO mitglied_abteilung (mitglied_nr, abt_nr, seit) VALUES
  (200, 8, '2023-06-07'),
  (200, 4, '2024-01-28'),
  (201, 9, '2023-11-09'),
  (201, 4, '2023-05-20'),
  (202, 1, '2023-08-29'),
  (202, 6, '2023-04-17'),
  (203, 4, '2023-11-22'),
  (203, 5, '2023-01-23'),
  (204, 3, '2023-05-30'),
  (204, 5, '2023-05-19'),
  (205, 8, '2023-09-05'),
  (205, 4, '2023-03-21'),
  (206, 5, '2023-05-14'),
  (206, 7, '2023-11-27'),
  (207, 1, '2023-11-10'),
  (207, 3, '2023-11-05'),
  (208, 8, '2023-03-18'),
  (208, 6, '2023-03-24'),
  (209, 8, '2023-09-05'),
  (209, 6, '2023-02-12'),
  (210, 9, '2023-09-09'),
  (210, 2, '2023-10-16'),
  (211, 3, '2023-10-24'),
  (211, 4, '2023-02-23'),
  (212, 8, '2023-07-09');

INSERT INTO beitrag (beitrag_id, mitglied_nr, jahr, betrag, status) VALUES
  (1, 200, 2023, 114, 'bezahlt'),
  (2, 205, 2023, 54.0, 'offen'),
  (3, 210, 2023, 114, 'bezahlt'),
  (4, 215, 2023, 96, 'bezahlt'),
  (5, 204, 2023, 54.0, 'bezahlt'),
  (6, 209, 2023, 78, 'bezahlt'),
  (7, 214, 2023, 114, 'offen'),
  (8, 203, 2023, 216, 'offen'),
  (9, 208, 2023, 114, 'gemahnt'),
  (10, 213, 2023, 54.0, 'bezahlt'),
  (11, 202, 2023, 54.0, 'bezahlt'),
  (12, 207, 2023, 78, 'gemahnt'),
  (13, 212, 2024, 168, 'bezahlt'),
  (14, 201, 2024, 216, 'bezahlt'),
  (15, 206, 2024, 96, 'bezahlt'),
  (16, 211, 2024, 78, 'offen'),
  (17, 200, 2024, 216, 'bezahlt'),
  (18, 205, 2024, 54.0, 'offen'),
  (19, 210, 2024, 144, 'bezahlt'),
  (20, 215, 2024, 96, 'bezahlt'),
  (21, 204, 2024, 168, 'gemahnt'),
  (22, 209, 2024, 168, 'offen'),
  (23, 214, 2024, 96, 'bezahlt'),
  (24, 203, 2024, 168, 'offen');
