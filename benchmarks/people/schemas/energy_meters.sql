CREATE TABLE site (
  siteId INTEGER PRIMARY KEY,
  siteName TEXT NOT NULL,
  streetAddress TEXT,
  postcode TEXT,
  floorArea INTEGER               -- m2
);
CREATE TABLE tariff (
  tariffId INTEGER PRIMARY KEY,
  label TEXT NOT NULL,
  pricePerUnit REAL NOT NULL,
  baseFeeMonth REAL NOT NULL
);
CREATE TABLE meter (
  meterNo TEXT PRIMARY KEY,
  siteId INTEGER NOT NULL REFERENCES site(siteId),
  kind TEXT NOT NULL CHECK (kind IN ('electricity','gas','water','heat')),
  unit TEXT NOT NULL,             -- kWh or m3
  tariffId INTEGER REFERENCES tariff(tariffId),
  installedYear INTEGER,
  decommissioned INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE reading (
  readingId INTEGER PRIMARY KEY,
  meterNo TEXT NOT NULL REFERENCES meter(meterNo),
  readAt INTEGER NOT NULL,        -- unix time, seconds
  value REAL NOT NULL,
  source TEXT CHECK (source IN ('remote','manual','estimate'))
);
CREATE TABLE bill (
  billId INTEGER PRIMARY KEY,
  meterNo TEXT NOT NULL REFERENCES meter(meterNo),
  period TEXT NOT NULL,           -- 'YYYY-MM'
  consumption REAL NOT NULL,
  amount REAL NOT NULL,
  paid INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE fault (
  faultId INTEGER PRIMARY KEY,
  meterNo TEXT NOT NULL REFERENCES meter(meterNo),
  reportedAt INTEGER NOT NULL,    -- unix time
  fixedAt INTEGER,
  description TEXT
);
-- data
INSERT INTO site (siteId, siteName, streetAddress, postcode, floorArea) VALUES
  (1, 'Town hall', 'Market Sq 1', 1010, 2400),
  (2, 'Swimming pool', 'Lido Rd 8', 1013, 3900),
  (3, 'Primary school East', 'Elm St 44', 1022, 1850),
  (4, 'Fire station', 'Mill Ln 3', 1010, 760),
  (5, 'Street lights north', NULL, NULL, NULL),
  (6, 'Library', 'Market Sq 5', 1010, 1120),
  (7, 'Sports hall', 'Lido Rd 10', 1013, 2100),
  (8, 'Kindergarten Ash', 'Ash Way 2', 1024, 540),
  (9, 'Waterworks', 'Dam Rd 77', 1031, 980),
  (10, 'Depot', 'Mill Ln 19', 1010, 2000),
  (11, 'Museum', 'Old Gate 6', 1022, 890);

INSERT INTO tariff (tariffId, label, pricePerUnit, baseFeeMonth) VALUES
  (1, 'Power day', 0.31, 12.0),
  (2, 'Power night', 0.22, 12.0),
  (3, 'Gas standard', 0.11, 9.5),
  (4, 'Water city', 2.05, 6.0),
  (5, 'Heat district', 0.13, 25.0),
  (6, 'Power green', 0.34, 8.0),
  (7, 'Gas bio', 0.15, 9.5),
  (8, 'Power industry', 0.18, 95.0),
  (9, 'Water garden', 1.1, 3.0),
  (10, 'Solar feed-in', -0.08, 0);

INSERT INTO meter (meterNo, siteId, kind, unit, tariffId, installedYear, decommissioned) VALUES
  ('E-1001', 1, 'electricity', 'kWh', 1, 2015, 0),
  ('E-1002', 2, 'electricity', 'kWh', 8, 2018, 0),
  ('E-1003', 3, 'electricity', 'kWh', 1, 2009, 1),
  ('E-1004', 4, 'electricity', 'kWh', 6, 2021, 0),
  ('E-1005', 5, 'electricity', 'kWh', 2, 2012, 0),
  ('G-2001', 1, 'gas', 'kWh', 3, 2010, 0),
  ('G-2002', 3, 'gas', 'kWh', 3, 2007, 0),
  ('G-2003', 7, 'gas', 'kWh', 7, 2019, 0),
  ('W-3001', 2, 'water', 'm3', 4, 2016, 0),
  ('W-3002', 8, 'water', 'm3', 4, 2020, 0),
  ('W-3003', 9, 'water', 'm3', 9, 2008, 1),
  ('H-4001', 6, 'heat', 'kWh', 5, 2022, 0),
  ('E-1006', 6, 'electricity', 'kWh', 6, 2022, 0),
  ('E-1007', 7, 'electricity', 'kWh', 1, NULL, 0),
  ('H-4002', 2, 'heat', 'kWh', 5, 2018, 0),
  ('E-1008', 10, 'electricity', 'kWh', 1, 2003, 1);

INSERT INTO reading (readingId, meterNo, readAt, value, source) VALUES
  (1, 'E-1001', 1704178800, 93278.5, 'manual'),
  (2, 'E-1002', 1704074400, 56621.7, 'remote'),
  (3, 'E-1003', 1704121200, 92866.5, 'remote'),
  (4, 'E-1004', 1704067200, 33018.3, 'remote'),
  (5, 'E-1005', 1704160800, 20132.6, 'manual'),
  (6, 'G-2001', 1704078000, 48171.3, 'estimate'),
  (7, 'G-2002', 1704067200, 1550.8, 'estimate'),
  (8, 'G-2003', 1704103200, 52630.1, 'manual'),
  (9, 'W-3001', 1704124800, 17921.0, 'estimate'),
  (10, 'W-3002', 1704168000, 87101.5, 'estimate'),
  (11, 'W-3003', 1704182400, 89630.1, 'remote'),
  (12, 'H-4001', 1704121200, 40064.4, 'estimate'),
  (13, 'E-1006', 1704124800, 5358.4, 'manual'),
  (14, 'E-1007', 1704092400, 6850.5, 'estimate'),
  (15, 'E-1001', 1706749200, 16726.1, 'estimate'),
  (16, 'E-1002', 1706817600, 3360.0, 'estimate'),
  (17, 'E-1003', 1706864400, 53253.7, 'manual'),
  (18, 'E-1004', 1706760000, 59130.6, 'remote'),
  (19, 'E-1005', 1706763600, 93144.3, 'remote'),
  (20, 'G-2001', 1706752800, 83064.2, 'manual'),
  (21, 'G-2002', 1706842800, 49482.4, 'manual'),
  (22, 'G-2003', 1706821200, 10325.6, 'estimate'),
  (23, 'W-3001', 1706846400, 22071.3, 'remote'),
  (24, 'W-3002', 1706889600, 50570.6, 'remote'),
  (25, 'W-3003', 1706767200, 23334.1, 'remote');

INSERT INTO bill (billId, meterNo, period, consumption, amount, paid) VALUES
  (1, 'E-1001', '2024-01', 684.6, 221.23, 1),
  (2, 'G-2001', '2024-01', 2847.1, 322.18, 0),
  (3, 'W-3003', '2024-01', 5106.4, 10477.12, 1),
  (4, 'E-1008', '2024-01', 5034.2, 1569.6, 1),
  (5, 'E-1005', '2024-01', 2884.8, 903.29, 0),
  (6, 'W-3002', '2024-01', 126.7, 268.73, 1),
  (7, 'H-4002', '2024-01', 2987.3, 397.35, 1),
  (8, 'E-1004', '2024-01', 4340.6, 1354.59, 0),
  (9, 'W-3001', '2024-02', 4647.7, 9536.78, 1),
  (10, 'E-1007', '2024-02', 5957.5, 1855.83, 1),
  (11, 'E-1003', '2024-02', 6470.2, 2014.76, 0),
  (12, 'G-2003', '2024-02', 2004.2, 229.46, 1),
  (13, 'E-1006', '2024-02', 4161.5, 1299.07, 1),
  (14, 'E-1002', '2024-02', 7378.7, 2296.4, 0),
  (15, 'G-2002', '2024-02', 7750.9, 861.6, 1),
  (16, 'H-4001', '2024-02', 2122.4, 284.91, 1),
  (17, 'E-1001', '2024-03', 6300.0, 1962.0, 0),
  (18, 'G-2001', '2024-03', 153.0, 25.83, 1),
  (19, 'W-3003', '2024-03', 4463.5, 9159.17, 1),
  (20, 'E-1008', '2024-03', 7062.4, 2198.34, 0),
  (21, 'E-1005', '2024-03', 4814.8, 1501.59, 1),
  (22, 'W-3002', '2024-03', 205.7, 430.68, 1),
  (23, 'H-4002', '2024-03', 2775.1, 369.76, 0),
  (24, 'E-1004', '2024-03', 3895.5, 1216.61, 1);

INSERT INTO fault (faultId, meterNo, reportedAt, fixedAt, description) VALUES
  (1, 'E-1001', 1704067200, 1705276800, 'display dead'),
  (2, 'E-1004', 1704867200, 1704874400, 'no signal'),
  (3, 'E-1002', 1705667200, 1706876800, 'leak'),
  (4, 'W-3001', 1706467200, 1707676800, 'stuck counter'),
  (5, 'G-2001', 1707267200, 1707274400, 'seal broken'),
  (6, 'W-3001', 1708067200, 1708153600, 'display dead'),
  (7, 'E-1007', 1708867200, NULL, 'no signal'),
  (8, 'E-1003', 1709667200, 1710876800, 'leak'),
  (9, 'W-3002', 1710467200, 1711676800, 'stuck counter'),
  (10, 'E-1002', 1711267200, NULL, 'seal broken'),
  (11, 'G-2002', 1712067200, 1712153600, 'display dead'),
  (12, 'W-3001', 1712867200, NULL, 'no signal');
