CREATE TABLE airport (
  iata CHAR(3) PRIMARY KEY,
  name TEXT NOT NULL,
  city TEXT NOT NULL,
  country TEXT NOT NULL,
  elevation_ft INTEGER
);
CREATE TABLE airline (
  code CHAR(2) PRIMARY KEY,
  name TEXT NOT NULL,
  country TEXT,
  low_cost INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE aircraft (
  tail_no TEXT PRIMARY KEY,
  airline_code CHAR(2) NOT NULL REFERENCES airline(code),
  type TEXT NOT NULL,
  seats INTEGER NOT NULL,
  first_flight_year INTEGER
);
CREATE TABLE flight (
  flight_id INTEGER PRIMARY KEY,
  flight_no TEXT NOT NULL,
  airline_code CHAR(2) NOT NULL REFERENCES airline(code),
  tail_no TEXT REFERENCES aircraft(tail_no),
  origin CHAR(3) NOT NULL REFERENCES airport(iata),
  destination CHAR(3) NOT NULL REFERENCES airport(iata),
  departs_at TEXT NOT NULL,
  delay_min INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL CHECK (status IN ('scheduled','landed','cancelled','diverted'))
);
CREATE TABLE passenger (
  passenger_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  nationality CHAR(2),
  frequent_flyer_no TEXT
);
CREATE TABLE booking (
  booking_ref TEXT PRIMARY KEY,
  passenger_id INTEGER NOT NULL REFERENCES passenger(passenger_id),
  flight_id INTEGER NOT NULL REFERENCES flight(flight_id),
  cabin TEXT NOT NULL CHECK (cabin IN ('economy','business')),
  fare_eur NUMERIC NOT NULL,
  bags INTEGER NOT NULL DEFAULT 0,
  checked_in INTEGER NOT NULL DEFAULT 0
);
-- data
INSERT INTO airport (iata, name, city, country, elevation_ft) VALUES
  ('KEF', 'Keflavik', 'Reykjavik', 'Iceland', 171),
  ('CPH', 'Kastrup', 'Copenhagen', 'Denmark', 17),
  ('ARN', 'Arlanda', 'Stockholm', 'Sweden', 137),
  ('OSL', 'Gardermoen', 'Oslo', 'Norway', 681),
  ('HEL', 'Vantaa', 'Helsinki', 'Finland', 179),
  ('BMA', 'Bromma', 'Stockholm', 'Sweden', 47),
  ('INN', 'Kranebitten', 'Innsbruck', 'Austria', 1907),
  ('LHR', 'Heathrow', 'London', 'United Kingdom', 83),
  ('LCY', 'City', 'London', 'United Kingdom', 19),
  ('FAO', 'Gago Coutinho', 'Faro', 'Portugal', 24),
  ('TLL', 'Lennart Meri', 'Tallinn', 'Estonia', 131),
  ('ZRH', 'Kloten', 'Zurich', 'Switzerland', 1416);

INSERT INTO airline (code, name, country, low_cost) VALUES
  ('FI', 'Icelandair', 'Iceland', 0),
  ('SK', 'Scandinavian', 'Sweden', 0),
  ('AY', 'Finnair', 'Finland', 0),
  ('D8', 'Norwegian Sweden', 'Sweden', 1),
  ('DY', 'Norwegian', 'Norway', 1),
  ('BA', 'British Airways', 'United Kingdom', 0),
  ('OS', 'Austrian', 'Austria', 0),
  ('LX', 'Swiss', 'Switzerland', 0),
  ('U2', 'easyJet', 'United Kingdom', 1),
  ('TP', 'TAP', 'Portugal', 0);

INSERT INTO aircraft (tail_no, airline_code, type, seats, first_flight_year) VALUES
  ('TF-ICA', 'FI', 'B757', 183, 1999),
  ('TF-ICE', 'FI', 'B737 MAX', 160, 2019),
  ('SE-ROA', 'SK', 'A320neo', 180, 2018),
  ('SE-ROB', 'SK', 'A320neo', 180, 2020),
  ('SE-DMK', 'SK', 'CRJ900', 90, 2012),
  ('OH-LVA', 'AY', 'A319', 138, 2001),
  ('OH-LWB', 'AY', 'A350', 336, 2016),
  ('LN-NGA', 'DY', 'B737-800', 186, 2014),
  ('LN-NGB', 'DY', 'B737-800', 186, 2009),
  ('G-EUPA', 'BA', 'A319', 132, 2000),
  ('G-LCYD', 'BA', 'E190', 98, 2010),
  ('OE-LBA', 'OS', 'A321', 200, 1997),
  ('HB-JCA', 'LX', 'A220', 145, 2017),
  ('G-UZHA', 'U2', 'A320neo', 186, 2017),
  ('CS-TNK', 'TP', 'A320', 174, 2005);

INSERT INTO flight (flight_id, flight_no, airline_code, tail_no, origin, destination, departs_at, delay_min, status) VALUES
  (1, 'FI200', 'FI', 'TF-ICA', 'KEF', 'CPH', '2024-07-01 06:20', 0, 'landed'),
  (2, 'FI217', 'FI', 'TF-ICA', 'KEF', 'LHR', '2024-07-01 11:00', 140, 'landed'),
  (3, 'SK234', 'SK', 'SE-DMK', 'CPH', 'ARN', '2024-07-01 16:05', 95, 'landed'),
  (4, 'SK251', 'SK', 'SE-ROB', 'ARN', 'OSL', '2024-07-01 06:05', 3, 'landed'),
  (5, 'SK268', 'SK', 'SE-ROB', 'OSL', 'CPH', '2024-07-01 11:35', 0, 'landed'),
  (6, 'AY285', 'AY', 'OH-LWB', 'HEL', 'LHR', '2024-07-01 16:05', 95, 'diverted'),
  (7, 'AY302', 'AY', 'OH-LWB', 'HEL', 'TLL', '2024-07-01 06:20', 0, 'cancelled'),
  (8, 'DY319', 'DY', 'LN-NGA', 'OSL', 'FAO', '2024-07-01 11:05', 0, 'cancelled'),
  (9, 'DY336', 'DY', 'LN-NGA', 'OSL', 'CPH', '2024-07-02 16:35', 3, 'landed'),
  (10, 'BA353', 'BA', 'G-EUPA', 'LHR', 'KEF', '2024-07-02 06:35', 140, 'diverted'),
  (11, 'BA370', 'BA', 'G-EUPA', 'LCY', 'ZRH', '2024-07-02 11:05', 22, 'landed'),
  (12, 'OS387', 'OS', 'OE-LBA', 'INN', 'LHR', '2024-07-02 16:05', 95, 'landed'),
  (13, 'LX404', 'LX', 'HB-JCA', 'ZRH', 'CPH', '2024-07-02 06:00', 15, 'landed'),
  (14, 'U2421', 'U2', 'G-UZHA', 'FAO', 'ZRH', '2024-07-02 11:20', 0, 'cancelled'),
  (15, 'AY438', 'AY', 'OH-LVA', 'ARN', 'HEL', '2024-07-02 16:00', 3, 'landed'),
  (16, 'SK455', 'SK', 'SE-DMK', 'CPH', 'INN', '2024-07-02 06:00', 95, 'landed'),
  (17, 'FI472', 'FI', 'TF-ICE', 'KEF', 'CPH', '2024-07-03 11:20', 0, 'landed'),
  (18, 'FI489', 'FI', 'TF-ICA', 'KEF', 'LHR', '2024-07-03 16:05', 95, 'landed'),
  (19, 'SK506', 'SK', 'SE-ROA', 'CPH', 'ARN', '2024-07-03 06:50', 165, 'landed'),
  (20, 'SK523', 'SK', 'SE-ROA', 'ARN', 'OSL', '2024-07-03 11:50', 0, 'landed'),
  (21, 'SK540', 'SK', 'SE-ROA', 'OSL', 'CPH', '2024-07-03 16:00', 0, 'scheduled'),
  (22, 'AY557', 'AY', 'OH-LWB', 'HEL', 'LHR', '2024-07-03 06:20', 0, 'scheduled'),
  (23, 'AY574', 'AY', 'OH-LWB', 'HEL', 'TLL', '2024-07-03 11:20', 0, 'scheduled'),
  (24, 'DY591', 'DY', 'LN-NGA', 'OSL', 'FAO', '2024-07-03 16:00', 0, 'scheduled');

INSERT INTO passenger (passenger_id, name, nationality, frequent_flyer_no) VALUES
  (1, 'Orla Keane', 'IE', 'FF1001'),
  (2, 'Viggo Thorsen', 'DK', NULL),
  (3, 'Marit Lien', 'NO', 'FF1003'),
  (4, 'Paavo Niemi', 'FI', 'FF1004'),
  (5, 'Chen Rui', 'CN', NULL),
  (6, 'Asta Jonsdottir', 'IS', 'FF1006'),
  (7, 'Tom Bridger', 'GB', NULL),
  (8, 'Beatriz Faria', 'PT', 'FF1008'),
  (9, 'Ursula Egli', 'CH', 'FF1009'),
  (10, 'Karl Moser', 'AT', NULL),
  (11, 'Liis Tamm', 'EE', NULL),
  (12, 'Dina Osman', 'SE', 'FF1012');

INSERT INTO booking (booking_ref, passenger_id, flight_id, cabin, fare_eur, bags, checked_in) VALUES
  ('R10007', 1, 18, 'business', 308.12, 0, 0),
  ('R10380', 9, 17, 'business', 531.96, 1, 1),
  ('R10753', 1, 11, 'economy', 148.72, 0, 0),
  ('R11126', 10, 21, 'business', 433.77, 1, 1),
  ('R11499', 3, 10, 'economy', 338.43, 0, 0),
  ('R11872', 5, 12, 'economy', 587.3, 0, 1),
  ('R12245', 1, 19, 'economy', 328.87, 1, 1),
  ('R12618', 5, 10, 'business', 591.99, 0, 0),
  ('R12991', 10, 16, 'business', 136.83, 2, 0),
  ('R13364', 2, 5, 'economy', 610.8, 0, 1),
  ('R13737', 11, 16, 'economy', 292.91, 1, 1),
  ('R14110', 8, 14, 'economy', 743.91, 2, 1),
  ('R14483', 9, 22, 'economy', 775.49, 0, 1),
  ('R14856', 8, 21, 'economy', 576.36, 1, 1),
  ('R15229', 4, 7, 'economy', 359.17, 0, 1),
  ('R15602', 4, 22, 'economy', 298.6, 1, 0),
  ('R15975', 7, 10, 'economy', 130.09, 1, 1),
  ('R16348', 6, 20, 'economy', 557.16, 2, 1),
  ('R16721', 6, 22, 'economy', 499.47, 1, 1),
  ('R17094', 6, 1, 'economy', 469.91, 1, 1),
  ('R17467', 11, 19, 'business', 552.89, 2, 0),
  ('R17840', 6, 13, 'economy', 465.79, 1, 0),
  ('R18213', 2, 6, 'economy', 365.51, 0, 0),
  ('R18586', 1, 1, 'economy', 415.74, 1, 1),
  ('R18959', 2, 7, 'economy', 143.09, 0, 1);
