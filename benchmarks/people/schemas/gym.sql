CREATE TABLE plans (
  uuid TEXT PRIMARY KEY,
  plan_name TEXT NOT NULL,
  monthly_fee NUMERIC NOT NULL,
  min_months INTEGER NOT NULL,
  includes_sauna INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE members (
  uuid TEXT PRIMARY KEY,
  full_name TEXT NOT NULL,
  gender TEXT,                    -- F / M / X
  birth_year INTEGER,
  plan_uuid TEXT REFERENCES plans(uuid),
  joined_at TEXT NOT NULL,
  active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE coaches (
  uuid TEXT PRIMARY KEY,
  full_name TEXT NOT NULL,
  certified_until TEXT,
  rate_per_class NUMERIC
);
CREATE TABLE classes (
  uuid TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  coach_uuid TEXT REFERENCES coaches(uuid),
  weekday TEXT NOT NULL CHECK (weekday IN ('mon','tue','wed','thu','fri','sat','sun')),
  starts_at TEXT NOT NULL,        -- HH:MM
  minutes INTEGER NOT NULL,
  max_people INTEGER
);
CREATE TABLE bookings (
  uuid TEXT PRIMARY KEY,
  class_uuid TEXT NOT NULL REFERENCES classes(uuid),
  member_uuid TEXT NOT NULL REFERENCES members(uuid),
  iso_week TEXT NOT NULL,         -- 2024-W18
  attended INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE visits (
  uuid TEXT PRIMARY KEY,
  member_uuid TEXT NOT NULL REFERENCES members(uuid),
  checked_in TEXT NOT NULL,
  checked_out TEXT
);
-- data
INSERT INTO plans (uuid, plan_name, monthly_fee, min_months, includes_sauna) VALUES
  ('p019919', 'Basic', 19.9, 12, 0),
  ('p2a19fc', 'Basic Flex', 26.9, 1, 0),
  ('p529adf', 'Plus', 29.9, 12, 1),
  ('p7b1bc2', 'Plus Flex', 37.9, 1, 1),
  ('pa39ca5', 'Student', 15.9, 6, 0),
  ('pcc1d88', 'Senior Morning', 14.9, 12, 1),
  ('pf49e6b', 'Couple', 52.0, 12, 1),
  ('p1d1f4e', 'Corporate', 25.0, 24, 1),
  ('p45a031', 'Trial', 0, 1, 0),
  ('p6e2114', 'Aqua', 22.5, 6, 1);

INSERT INTO members (uuid, full_name, gender, birth_year, plan_uuid, joined_at, active) VALUES
  ('m019919', 'Yasmin Kerr', 'F', 1994, 'p019919', '2021-04-25', 1),
  ('m2a19fc', 'Luke Barr', 'M', 1987, 'p529adf', '2022-03-21', 1),
  ('m529adf', 'Renee Tolbert', 'F', 1979, 'pf49e6b', '2023-08-15', 1),
  ('m7b1bc2', 'Stan Wojcik', 'M', 1955, 'pcc1d88', '2023-12-29', 1),
  ('ma39ca5', 'Ada Nkemelu', 'F', 2002, 'pa39ca5', '2023-01-06', 1),
  ('mcc1d88', 'Theo Brandis', 'M', 2003, 'pa39ca5', '2022-11-12', 0),
  ('mf49e6b', 'Vera Sundt', 'F', 1990, 'p7b1bc2', '2023-02-07', 1),
  ('m1d1f4e', 'Milo Prentice', 'M', 1996, 'p2a19fc', '2023-03-05', 0),
  ('m45a031', 'Joy Alvarado', 'F', 1968, 'p529adf', '2022-10-11', 1),
  ('m6e2114', 'Uwe Stolz', 'M', 1949, 'pcc1d88', '2023-01-24', 1),
  ('m96a1f7', 'Pia Lund', 'F', 1985, 'p1d1f4e', '2021-04-07', 1),
  ('mbf22da', 'Hank Doyle', 'M', 1991, 'p45a031', '2023-06-12', 1),
  ('me7a3bd', 'Cora Whitlow', 'F', 1999, 'p019919', '2021-01-01', 0),
  ('m1024a0', 'Eli Marsh', 'M', 1983, NULL, '2023-02-14', 1);

INSERT INTO coaches (uuid, full_name, certified_until, rate_per_class) VALUES
  ('c019919', 'Bo Larsen', '2025-03-31', 32),
  ('c2a19fc', 'Kit Osei', '2024-01-31', 28),
  ('c529adf', 'Marga Ruiz', '2026-09-30', 40),
  ('c7b1bc2', 'Dev Anand', '2023-11-30', 30),
  ('ca39ca5', 'Sunny Cho', '2027-01-31', 35),
  ('ccc1d88', 'Ralf Maier', NULL, 25),
  ('cf49e6b', 'Tilda Grey', '2025-12-31', 38),
  ('c1d1f4e', 'Abe Stone', '2024-08-31', 27.5),
  ('c45a031', 'Noa Levi', '2026-02-28', 33),
  ('c6e2114', 'Finn Aalto', '2025-06-30', 29);

INSERT INTO classes (uuid, title, coach_uuid, weekday, starts_at, minutes, max_people) VALUES
  ('k019919', 'Spin 45', 'c019919', 'mon', '07:00', 45, 20),
  ('k2a19fc', 'Yoga flow', 'c529adf', 'mon', '18:30', 60, 15),
  ('k529adf', 'HIIT', 'ca39ca5', 'tue', '19:00', 30, 18),
  ('k7b1bc2', 'Pilates', 'c529adf', 'wed', '10:00', 50, 12),
  ('ka39ca5', 'Spin 45', 'c019919', 'thu', '18:00', 45, 20),
  ('kcc1d88', 'Aqua fit', 'cf49e6b', 'thu', '09:00', 40, 25),
  ('kf49e6b', 'Boxing', 'c7b1bc2', 'fri', '20:00', 60, 10),
  ('k1d1f4e', 'Yoga flow', 'c529adf', 'sat', '09:30', 75, 15),
  ('k45a031', 'Zumba', 'ca39ca5', 'sat', '11:00', 55, 30),
  ('k6e2114', 'Back care', 'c1d1f4e', 'wed', '17:00', 45, 8),
  ('k96a1f7', 'Stretch', 'c45a031', 'sun', '10:30', 30, 22);

INSERT INTO bookings (uuid, class_uuid, member_uuid, iso_week, attended) VALUES
  ('b019919', 'k019919', 'm1d1f4e', '2024-W18', 1),
  ('b2a19fc', 'ka39ca5', 'mf49e6b', '2024-W18', 0),
  ('b529adf', 'kf49e6b', 'm529adf', '2024-W20', 1),
  ('b7b1bc2', 'k1d1f4e', 'ma39ca5', '2024-W18', 1),
  ('ba39ca5', 'k019919', 'm2a19fc', '2024-W20', 0),
  ('bcc1d88', 'k019919', 'm6e2114', '2024-W20', 1),
  ('bf49e6b', 'k019919', 'm96a1f7', '2024-W19', 0),
  ('b1d1f4e', 'k2a19fc', 'm7b1bc2', '2024-W19', 1),
  ('b45a031', 'k1d1f4e', 'm529adf', '2024-W19', 0),
  ('b6e2114', 'k529adf', 'm529adf', '2024-W18', 0),
  ('b96a1f7', 'k2a19fc', 'm7b1bc2', '2024-W18', 0),
  ('bbf22da', 'k529adf', 'mf49e6b', '2024-W19', 0),
  ('be7a3bd', 'kf49e6b', 'mf49e6b', '2024-W20', 1),
  ('b1024a0', 'k019919', 'm529adf', '2024-W18', 1),
  ('b38a583', 'ka39ca5', 'm45a031', '2024-W20', 1),
  ('b612666', 'k529adf', 'm2a19fc', '2024-W19', 0),
  ('b89a749', 'k45a031', 'm7b1bc2', '2024-W18', 0),
  ('bb2282c', 'k2a19fc', 'm2a19fc', '2024-W20', 1),
  ('bdaa90f', 'k019919', 'm45a031', '2024-W20', 1),
  ('b0329f2', 'ka39ca5', 'm2a19fc', '2024-W19', 1),
  ('b2baad5', 'k1d1f4e', 'ma39ca5', '2024-W20', 1),
  ('b542bb8', 'k019919', 'm2a19fc', '2024-W19', 0),
  ('b7cac9b', 'k2a19fc', 'm7b1bc2', '2024-W20', 0),
  ('ba52d7e', 'kf49e6b', 'm45a031', '2024-W20', 0),
  ('bcdae61', 'ka39ca5', 'm6e2114', '2024-W19', 1);

INSERT INTO visits (uuid, member_uuid, checked_in, checked_out) VALUES
  ('v019919', 'm6e2114', '2024-05-01 12:23', '2024-05-01 20:23'),
  ('v2a19fc', 'm019919', '2024-05-01 19:16', '2024-05-01 20:57'),
  ('v529adf', 'm7b1bc2', '2024-05-02 14:35', '2024-05-02 22:49'),
  ('v7b1bc2', 'm6e2114', '2024-05-02 09:17', '2024-05-02 20:32'),
  ('va39ca5', 'm019919', '2024-05-03 07:25', '2024-05-03 22:25'),
  ('vcc1d88', 'm96a1f7', '2024-05-03 11:26', '2024-05-03 20:25'),
  ('vf49e6b', 'm6e2114', '2024-05-04 08:24', '2024-05-04 22:48'),
  ('v1d1f4e', 'm7b1bc2', '2024-05-04 17:41', NULL),
  ('v45a031', 'm529adf', '2024-05-05 12:02', '2024-05-05 22:12'),
  ('v6e2114', 'm019919', '2024-05-05 18:12', '2024-05-05 20:13'),
  ('v96a1f7', 'm6e2114', '2024-05-06 10:20', '2024-05-06 21:53'),
  ('vbf22da', 'm7b1bc2', '2024-05-06 14:29', '2024-05-06 21:21'),
  ('ve7a3bd', 'm45a031', '2024-05-07 15:28', NULL),
  ('v1024a0', 'm019919', '2024-05-07 14:29', '2024-05-07 21:02'),
  ('v38a583', 'm6e2114', '2024-05-08 16:50', '2024-05-08 22:47'),
  ('v612666', 'm96a1f7', '2024-05-08 10:59', '2024-05-08 20:06'),
  ('v89a749', 'm7b1bc2', '2024-05-09 13:55', '2024-05-09 22:08'),
  ('vb2282c', 'm019919', '2024-05-09 19:55', '2024-05-09 20:52'),
  ('vdaa90f', 'm6e2114', '2024-05-10 18:13', '2024-05-10 21:24'),
  ('v0329f2', 'm529adf', '2024-05-10 17:01', '2024-05-10 21:13'),
  ('v2baad5', 'm7b1bc2', '2024-05-11 10:28', '2024-05-11 21:46'),
  ('v542bb8', 'm96a1f7', '2024-05-11 13:30', '2024-05-11 20:19'),
  ('v7cac9b', 'm6e2114', '2024-05-12 19:07', '2024-05-12 22:30'),
  ('va52d7e', 'm019919', '2024-05-12 10:50', '2024-05-12 20:13');
