CREATE TABLE ward (
  ward_id INTEGER PRIMARY KEY,
  ward_name TEXT NOT NULL,
  floor INTEGER,
  beds INTEGER NOT NULL,
  specialty TEXT
);
CREATE TABLE "group" (
  group_id INTEGER PRIMARY KEY,
  label TEXT NOT NULL
);
CREATE TABLE nurse (
  nurse_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  grade TEXT NOT NULL CHECK (grade IN ('RN','HCA','charge','student')),
  contract_pct INTEGER NOT NULL,      -- 100 = full time
  started TEXT,
  group_id INTEGER REFERENCES "group"(group_id)
);
CREATE TABLE shift (
  shift_id INTEGER PRIMARY KEY,
  nurse_id INTEGER NOT NULL REFERENCES nurse(nurse_id),
  ward_id INTEGER NOT NULL REFERENCES ward(ward_id),
  shift_date TEXT NOT NULL,
  shift_type TEXT NOT NULL CHECK (shift_type IN ('early','late','night')),
  hours REAL NOT NULL,
  sick INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE patient (
  patient_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  born_year INTEGER,
  ward_id INTEGER REFERENCES ward(ward_id),
  admitted TEXT NOT NULL,
  discharged TEXT,
  fall_risk TEXT CHECK (fall_risk IN ('low','medium','high'))
);
CREATE TABLE medication_given (
  given_id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patient(patient_id),
  nurse_id INTEGER NOT NULL REFERENCES nurse(nurse_id),
  drug TEXT NOT NULL,
  dose REAL NOT NULL,
  unit TEXT NOT NULL,
  given_at TEXT NOT NULL
);
-- data
INSERT INTO ward (ward_id, ward_name, floor, beds, specialty) VALUES
  (1, 'A1', 0, 24, 'surgery'),
  (2, 'A2', 1, 18, 'surgery'),
  (3, 'B1', 0, 30, 'internal medicine'),
  (4, 'B2', 1, 28, 'internal medicine'),
  (5, 'C1', 2, 12, 'intensive care'),
  (6, 'C2', 2, 10, 'neonatology'),
  (7, 'D1', 3, 20, 'orthopaedics'),
  (8, 'D2', 3, 22, 'geriatrics'),
  (9, 'E1', 4, 16, 'psychiatry'),
  (10, 'E2', 4, 14, NULL);

INSERT INTO "group" (group_id, label) VALUES
  (1, 'day team'),
  (2, 'night team'),
  (3, 'float pool'),
  (4, 'students'),
  (5, 'wound care'),
  (6, 'palliative'),
  (7, 'infection control'),
  (8, 'transport'),
  (9, 'mentors'),
  (10, 'weekend team');

INSERT INTO nurse (nurse_id, full_name, grade, contract_pct, started, group_id) VALUES
  (1, 'Blessing Achebe', 'RN', 100, '2011-03-01', 1),
  (2, 'Carol Dunne', 'RN', 75, '1999-10-15', 1),
  (3, 'Diego Marin', 'RN', 100, '2019-06-01', 2),
  (4, 'Erika Blom', 'HCA', 50, '2021-01-11', 1),
  (5, 'Fatou Sarr', 'RN', 100, '2016-09-01', 2),
  (6, 'Gail Munro', 'charge', 100, '2004-05-20', 9),
  (7, 'Hiroshi Oda', 'RN', 80, '2022-02-14', 3),
  (8, 'Imke Visser', 'HCA', 100, '2018-11-05', 3),
  (9, 'Janet Cole', 'charge', 90, '2001-08-08', 9),
  (10, 'Kofi Mensa', 'student', 60, '2024-01-08', 4),
  (11, 'Lily Zhang', 'student', 60, '2024-01-08', 4),
  (12, 'Mark Upton', 'HCA', 75, '2015-04-22', 2),
  (13, 'Noor Rahimi', 'RN', 100, '2020-07-01', 5),
  (14, 'Oksana Bilyk', 'RN', 50, '2023-03-13', 10);

INSERT INTO shift (shift_id, nurse_id, ward_id, shift_date, shift_type, hours, sick) VALUES
  (1, 8, 1, '2024-03-04', 'early', 7.5, 0),
  (2, 4, 3, '2024-03-04', 'late', 8.0, 0),
  (3, 5, 5, '2024-03-04', 'night', 10.0, 1),
  (4, 2, 7, '2024-03-05', 'early', 7.5, 0),
  (5, 3, 1, '2024-03-05', 'late', 9.5, 0),
  (6, 9, 2, '2024-03-05', 'night', 10.0, 0),
  (7, 2, 2, '2024-03-06', 'early', 7.5, 0),
  (8, 12, 7, '2024-03-06', 'late', 8.0, 0),
  (9, 4, 2, '2024-03-06', 'night', 10.0, 0),
  (10, 2, 5, '2024-03-07', 'early', 9.0, 1),
  (11, 5, 1, '2024-03-07', 'late', 8.0, 0),
  (12, 1, 1, '2024-03-07', 'night', 10.0, 0),
  (13, 7, 5, '2024-03-08', 'early', 7.5, 0),
  (14, 5, 5, '2024-03-08', 'late', 8.0, 1),
  (15, 12, 5, '2024-03-08', 'night', 10.0, 0),
  (16, 5, 4, '2024-03-09', 'early', 7.5, 0),
  (17, 13, 1, '2024-03-09', 'late', 8.0, 0),
  (18, 9, 1, '2024-03-09', 'night', 11.5, 0),
  (19, 6, 1, '2024-03-10', 'early', 7.5, 0),
  (20, 3, 2, '2024-03-10', 'late', 8.0, 0),
  (21, 7, 3, '2024-03-10', 'night', 10.0, 1),
  (22, 12, 5, '2024-03-11', 'early', 7.5, 0),
  (23, 4, 4, '2024-03-11', 'late', 8.0, 0),
  (24, 3, 1, '2024-03-11', 'night', 10.0, 0),
  (25, 3, 5, '2024-03-12', 'early', 7.5, 0);

INSERT INTO patient (patient_id, full_name, born_year, ward_id, admitted, discharged, fall_risk) VALUES
  (300, 'Abbott, Joan', 1941, 3, '2024-03-01', NULL, 'high'),
  (301, 'Bell, Rory', 1988, 1, '2024-03-02', '2024-03-05', 'low'),
  (302, 'Cho, Min', 2024, 6, '2024-02-20', NULL, 'medium'),
  (303, 'Danso, Ama', 1975, 2, '2024-03-03', '2024-03-09', 'low'),
  (304, 'Ewing, Pat', 1936, 8, '2024-02-11', '2024-03-06', 'high'),
  (305, 'Farah, Ali', 1990, 7, '2024-03-04', '2024-03-07', 'low'),
  (306, 'Gill, Tara', 1967, 5, '2024-03-05', NULL, 'high'),
  (307, 'Hood, Sam', 1950, 3, '2024-03-05', '2024-03-12', 'medium'),
  (308, 'Ito, Yuki', 1982, 1, '2024-03-06', NULL, 'low'),
  (309, 'Jung, Eva', 1929, 8, '2024-01-30', NULL, 'high'),
  (310, 'Kane, Des', 1959, 4, '2024-03-07', '2024-03-10', 'medium'),
  (311, 'Lowe, Bea', 2001, 9, '2024-02-27', NULL, 'medium');

INSERT INTO medication_given (given_id, patient_id, nurse_id, drug, dose, unit, given_at) VALUES
  (1, 311, 13, 'morphine', 10, 'mg', '2024-03-05 18:00'),
  (2, 309, 5, 'paracetamol', 500, 'mg', '2024-03-05 08:30'),
  (3, 303, 3, 'paracetamol', 500, 'mg', '2024-03-07 12:00'),
  (4, 306, 6, 'morphine', 5, 'mg', '2024-03-05 22:10'),
  (5, 309, 13, 'ibuprofen', 800, 'mg', '2024-03-05 08:00'),
  (6, 306, 6, 'ibuprofen', 400, 'mg', '2024-03-11 18:00'),
  (7, 300, 13, 'morphine', 5, 'mg', '2024-03-05 08:30'),
  (8, 309, 3, 'insulin', 20, 'IU', '2024-03-06 06:00'),
  (9, 306, 13, 'insulin', 10, 'IU', '2024-03-05 06:30'),
  (10, 311, 13, 'paracetamol', 1000, 'mg', '2024-03-11 18:00'),
  (11, 300, 2, 'heparin', 5000, 'IU', '2024-03-07 18:00'),
  (12, 300, 3, 'paracetamol', 500, 'mg', '2024-03-04 18:10'),
  (13, 304, 5, 'heparin', 10000, 'IU', '2024-03-06 12:30'),
  (14, 303, 2, 'morphine', 5, 'mg', '2024-03-09 22:10'),
  (15, 304, 1, 'morphine', 5, 'mg', '2024-03-10 12:30'),
  (16, 311, 1, 'heparin', 10000, 'IU', '2024-03-10 22:10'),
  (17, 302, 5, 'ibuprofen', 400, 'mg', '2024-03-07 18:00'),
  (18, 300, 1, 'insulin', 20, 'IU', '2024-03-05 06:30'),
  (19, 306, 2, 'morphine', 5, 'mg', '2024-03-05 08:00'),
  (20, 309, 1, 'paracetamol', 500, 'mg', '2024-03-10 06:00'),
  (21, 309, 2, 'ibuprofen', 400, 'mg', '2024-03-09 08:30'),
  (22, 303, 2, 'paracetamol', 500, 'mg', '2024-03-06 18:10');
