CREATE TABLE wh (
  wh_cd TEXT PRIMARY KEY,
  descr TEXT,
  ctry TEXT,
  sqm INTEGER
);
CREATE TABLE stk_item (
  itm_no INTEGER PRIMARY KEY,
  descr TEXT NOT NULL,
  uom TEXT NOT NULL,            -- PC, M, KG, L, ROL, PR
  unit_cst NUMERIC NOT NULL,
  min_qty INTEGER,
  cat TEXT                      -- fasteners, electrical, chemicals, packaging, safety
);
CREATE TABLE bin (
  bin_cd TEXT PRIMARY KEY,
  wh_cd TEXT NOT NULL REFERENCES wh(wh_cd),
  max_kg INTEGER,
  blkd INTEGER NOT NULL DEFAULT 0   -- 1 = blocked
);
CREATE TABLE stk_bal (
  itm_no INTEGER NOT NULL REFERENCES stk_item(itm_no),
  bin_cd TEXT NOT NULL REFERENCES bin(bin_cd),
  qty INTEGER NOT NULL DEFAULT 0,
  rsv_qty INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (itm_no, bin_cd)
);
CREATE TABLE supp (
  supp_no INTEGER PRIMARY KEY,
  nm TEXT NOT NULL,
  lead_days INTEGER,
  rating REAL
);
CREATE TABLE po (
  po_no INTEGER PRIMARY KEY,
  supp_no INTEGER NOT NULL REFERENCES supp(supp_no),
  itm_no INTEGER NOT NULL REFERENCES stk_item(itm_no),
  ord_qty INTEGER NOT NULL,
  rcv_qty INTEGER NOT NULL DEFAULT 0,
  ord_dt TEXT NOT NULL,
  rcv_dt TEXT
);
CREATE TABLE stk_mv (
  mv_id INTEGER PRIMARY KEY,
  itm_no INTEGER NOT NULL REFERENCES stk_item(itm_no),
  bin_cd TEXT NOT NULL REFERENCES bin(bin_cd),
  mv_typ TEXT NOT NULL CHECK (mv_typ IN ('IN','OUT','TRF','ADJ')),
  qty INTEGER NOT NULL,
  mv_dt TEXT NOT NULL,
  usr TEXT
);
-- data
INSERT INTO wh (wh_cd, descr, ctry, sqm) VALUES
  ('W01', 'Main Gent', 'BE', 12000),
  ('W02', 'Overflow Gent', 'BE', 3500),
  ('W03', 'Lille', 'FR', 8000),
  ('W04', 'Breda', 'NL', 15500),
  ('W05', 'Cold store Breda', 'NL', 2200),
  ('W06', 'Dortmund', 'DE', 9800),
  ('W07', 'Returns Lille', 'FR', 900),
  ('W08', 'Luxembourg', 'LU', 1300),
  ('W09', 'Venlo', 'NL', 18000),
  ('W10', 'Consignment Köln', 'DE', 400);

INSERT INTO stk_item (itm_no, descr, uom, unit_cst, min_qty, cat) VALUES
  (100010, 'Hex bolt M8x40', 'PC', 0.12, 5000, 'fasteners'),
  (100011, 'Hex bolt M10x60', 'PC', 0.21, 4000, 'fasteners'),
  (100020, 'Washer M8', 'PC', 0.02, 8000, 'fasteners'),
  (200100, 'Cable 3x1.5', 'M', 0.89, 600, 'electrical'),
  (200110, 'Cable 5x2.5', 'M', 2.15, 300, 'electrical'),
  (200200, 'Socket IP44', 'PC', 4.8, 150, 'electrical'),
  (300010, 'Epoxy resin', 'KG', 11.4, 80, 'chemicals'),
  (300020, 'Hardener', 'KG', 14.75, 40, 'chemicals'),
  (300030, 'Acetone', 'L', 3.1, 120, 'chemicals'),
  (400001, 'Pallet EUR', 'PC', 9.9, 200, 'packaging'),
  (400010, 'Stretch film', 'ROL', 6.25, 90, 'packaging'),
  (400020, 'Carton 60x40', 'PC', 0.95, 1000, 'packaging'),
  (500001, 'Gloves size 9', 'PR', 2.3, NULL, 'safety'),
  (500002, 'Helmet', 'PC', 12.5, NULL, 'safety');

INSERT INTO bin (bin_cd, wh_cd, max_kg, blkd) VALUES
  ('W01-A01', 'W01', 800, 0),
  ('W01-A02', 'W01', 1200, 0),
  ('W01-B01', 'W01', 1200, 0),
  ('W02-A01', 'W02', 2000, 1),
  ('W02-A02', 'W02', 500, 0),
  ('W02-B01', 'W02', 500, 0),
  ('W03-A01', 'W03', 500, 0),
  ('W03-A02', 'W03', 2000, 0),
  ('W03-B01', 'W03', 500, 1),
  ('W04-A01', 'W04', 800, 0),
  ('W04-A02', 'W04', 2000, 0),
  ('W04-B01', 'W04', 2000, 0),
  ('W05-A01', 'W05', 500, 0),
  ('W05-A02', 'W05', 2000, 0),
  ('W05-B01', 'W05', 2000, 1),
  ('W06-A01', 'W06', 2000, 0),
  ('W06-A02', 'W06', 1200, 0),
  ('W06-B01', 'W06', 800, 0),
  ('W09-A01', 'W09', 1200, 0),
  ('W09-A02', 'W09', 800, 0);

INSERT INTO stk_bal (itm_no, bin_cd, qty, rsv_qty) VALUES
  (100010, 'W02-B01', 120, 0),
  (100011, 'W02-A02', 120, 0),
  (100020, 'W06-A01', 120, 0),
  (200100, 'W01-B01', 60, 0),
  (200110, 'W01-A02', 120, 0),
  (200200, 'W06-B01', 35, 0),
  (300010, 'W06-B01', 60, 0),
  (300020, 'W02-B01', 60, 0),
  (300030, 'W05-B01', 0, 0),
  (400001, 'W09-A01', 900, 0),
  (400010, 'W02-A01', 250, 0),
  (400020, 'W02-A01', 35, 0),
  (500001, 'W04-B01', 250, 20),
  (200100, 'W02-B01', 35, 5),
  (300030, 'W05-A01', 900, 20),
  (200110, 'W05-A01', 35, 20),
  (300010, 'W09-A02', 900, 5),
  (400020, 'W04-A02', 60, 0),
  (400020, 'W05-B01', 120, 20),
  (200110, 'W03-A01', 0, 0),
  (100020, 'W03-B01', 60, 20),
  (100010, 'W03-B01', 120, 5),
  (200100, 'W03-B01', 35, 0),
  (200110, 'W02-A02', 2600, 0);

INSERT INTO supp (supp_no, nm, lead_days, rating) VALUES
  (70001, 'Boltec NV', 7, 4.2),
  (70002, 'Kabelwerk Ruhr', 14, 3.9),
  (70003, 'Chemidis SARL', 21, 2.8),
  (70004, 'Packline BV', 3, 4.7),
  (70005, 'Safe4U', 10, NULL),
  (70006, 'Rivet & Sons', 30, 3.1),
  (70007, 'Elektro Maes', 5, 4.4),
  (70008, 'Polymix GmbH', 18, 3.5),
  (70009, 'Houtland', 9, 4.0),
  (70010, 'Trans-Alpin', 45, 2.2);

INSERT INTO po (po_no, supp_no, itm_no, ord_qty, rcv_qty, ord_dt, rcv_dt) VALUES
  (4500, 70001, 100010, 100, 80, '2024-02-27', '2024-04-04'),
  (4501, 70002, 200100, 50, 50, '2024-05-03', '2024-06-12'),
  (4502, 70003, 300010, 1000, 1000, '2024-06-08', '2024-06-20'),
  (4503, 70004, 400010, 50, 50, '2024-03-20', '2024-03-27'),
  (4504, 70004, 400020, 5000, 0, '2024-07-26', NULL),
  (4505, 70001, 100011, 100, 80, '2024-06-02', '2024-06-18'),
  (4506, 70007, 200200, 100, 100, '2024-06-27', '2024-07-26'),
  (4507, 70008, 300020, 200, 200, '2024-06-14', '2024-07-16'),
  (4508, 70003, 300030, 1000, 1000, '2024-07-15', '2024-07-31'),
  (4509, 70002, 200110, 100, 100, '2024-04-03', '2024-04-21'),
  (4510, 70009, 400001, 1000, 0, '2024-07-01', NULL),
  (4511, 70005, 500001, 5000, 5000, '2024-02-08', '2024-02-23'),
  (4512, 70001, 100020, 1000, 1000, '2024-04-24', '2024-05-28'),
  (4513, 70007, 200200, 100, 100, '2024-06-28', '2024-08-03'),
  (4514, 70004, 400010, 100, 100, '2024-07-19', '2024-08-01'),
  (4515, 70008, 300010, 100, 80, '2024-08-02', '2024-09-11'),
  (4516, 70003, 300030, 100, 0, '2024-08-08', NULL),
  (4517, 70006, 100011, 100, 100, '2024-05-19', '2024-06-25');

INSERT INTO stk_mv (mv_id, itm_no, bin_cd, mv_typ, qty, mv_dt, usr) VALUES
  (1, 300020, 'W02-A01', 'OUT', 5, '2024-08-21', 'mv'),
  (2, 200100, 'W06-A01', 'IN', 5, '2024-07-08', 'jd'),
  (3, 200110, 'W01-B01', 'TRF', 10, '2024-08-12', 'sys'),
  (4, 200200, 'W03-A02', 'IN', 5, '2024-06-17', 'kp'),
  (5, 300010, 'W03-B01', 'TRF', 10, '2024-07-07', 'jd'),
  (6, 100011, 'W05-A01', 'IN', 5, '2024-07-27', 'kp'),
  (7, 200100, 'W05-A01', 'OUT', 100, '2024-06-16', 'mv'),
  (8, 100010, 'W03-B01', 'TRF', 100, '2024-06-05', 'sys'),
  (9, 200200, 'W03-B01', 'OUT', 10, '2024-06-16', 'jd'),
  (10, 300010, 'W03-A01', 'IN', 10, '2024-07-30', 'sys'),
  (11, 200110, 'W01-A01', 'ADJ', 100, '2024-06-07', 'sys'),
  (12, 400001, 'W02-A02', 'OUT', 100, '2024-07-10', 'kp'),
  (13, 100010, 'W06-A01', 'OUT', 400, '2024-06-17', 'sys'),
  (14, 200200, 'W06-B01', 'ADJ', 5, '2024-08-01', 'mv'),
  (15, 100011, 'W05-B01', 'OUT', 100, '2024-06-11', 'kp'),
  (16, 300030, 'W05-B01', 'OUT', 25, '2024-07-30', 'kp'),
  (17, 100011, 'W06-B01', 'IN', 25, '2024-06-19', 'sys'),
  (18, 100020, 'W04-A01', 'OUT', 100, '2024-07-31', 'mv'),
  (19, 400010, 'W06-A02', 'OUT', 5, '2024-08-03', 'jd'),
  (20, 100020, 'W05-A01', 'OUT', 100, '2024-08-29', 'mv'),
  (21, 300030, 'W01-A02', 'ADJ', 25, '2024-08-16', 'jd'),
  (22, 300020, 'W01-B01', 'OUT', 100, '2024-08-07', 'mv');
