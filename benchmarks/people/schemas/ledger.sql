CREATE TABLE acct (
  acct_no INTEGER PRIMARY KEY,
  descr TEXT NOT NULL,
  typ CHAR(1) NOT NULL,        -- A asset, L liability, E equity, R revenue, X expense
  active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE cc (              -- cost centers
  cc_cd TEXT PRIMARY KEY,
  nm TEXT NOT NULL,
  mgr TEXT
);
CREATE TABLE ptnr (            -- business partners
  ptnr_id INTEGER PRIMARY KEY,
  nm TEXT NOT NULL,
  ctry CHAR(2),
  pay_days INTEGER,
  is_cust INTEGER NOT NULL DEFAULT 0,
  is_supp INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE jrnl (
  jrnl_no TEXT PRIMARY KEY,
  dt TEXT NOT NULL,
  ptnr_id INTEGER REFERENCES ptnr(ptnr_id),
  txt TEXT,
  posted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE jrnl_ln (
  ln_id INTEGER PRIMARY KEY,
  jrnl_no TEXT NOT NULL REFERENCES jrnl(jrnl_no),
  acct_no INTEGER NOT NULL REFERENCES acct(acct_no),
  cc_cd TEXT REFERENCES cc(cc_cd),
  dr NUMERIC NOT NULL DEFAULT 0,
  cr NUMERIC NOT NULL DEFAULT 0
);
CREATE TABLE inv (             -- customer invoices
  inv_no TEXT PRIMARY KEY,
  ptnr_id INTEGER NOT NULL REFERENCES ptnr(ptnr_id),
  dt TEXT NOT NULL,
  due_dt TEXT NOT NULL,
  net_amt NUMERIC NOT NULL,
  vat_amt NUMERIC NOT NULL DEFAULT 0,
  paid_amt NUMERIC NOT NULL DEFAULT 0
);
-- data
INSERT INTO acct (acct_no, descr, typ, active) VALUES
  (1000, 'Cash', 'A', 1),
  (1010, 'Bank current', 'A', 1),
  (1020, 'Bank savings', 'A', 1),
  (1100, 'Receivables', 'A', 1),
  (1500, 'Machines', 'A', 1),
  (2000, 'Payables', 'L', 1),
  (2100, 'VAT payable', 'L', 1),
  (2200, 'Loan KSB', 'L', 0),
  (3000, 'Equity', 'E', 1),
  (4000, 'Sales domestic', 'R', 1),
  (4010, 'Sales export', 'R', 1),
  (4090, 'Other income', 'R', 0),
  (5000, 'Material', 'X', 1),
  (5100, 'Wages', 'X', 1),
  (5200, 'Rent', 'X', 1),
  (5300, 'Travel', 'X', 1),
  (5310, 'Training', 'X', 0);

INSERT INTO cc (cc_cd, nm, mgr) VALUES
  (100, 'Management', 'Ulrich'),
  (110, 'Finance', 'Sato'),
  (200, 'Production', 'Berger'),
  (210, 'Assembly', 'Berger'),
  (220, 'Quality', 'Mensah'),
  (300, 'Sales', 'Duval'),
  (310, 'Export', 'Duval'),
  (400, 'IT', 'Okafor'),
  (500, 'Logistics', 'Lind'),
  (900, 'Canteen', NULL);

INSERT INTO ptnr (ptnr_id, nm, ctry, pay_days, is_cust, is_supp) VALUES
  (1, 'Baumann GmbH', 'DE', 30, 1, 0),
  (2, 'Nordic Steel AB', 'SE', 60, 0, 1),
  (3, 'Papier Roth', 'DE', 14, 0, 1),
  (4, 'Casa Verde SL', 'ES', 45, 1, 0),
  (5, 'Ferro Lombardi', 'IT', 60, 1, 1),
  (6, 'Office Depot West', 'DE', 30, 0, 1),
  (7, 'Tulip Trading BV', 'NL', 30, 1, 0),
  (8, 'Alpina Tools', 'AT', 14, 1, 1),
  (9, 'Immo Invest KG', 'DE', 0, 0, 1),
  (10, 'Kestrel Ltd', 'GB', 45, 1, 0);

INSERT INTO jrnl (jrnl_no, dt, ptnr_id, txt, posted) VALUES
  ('J0001', '2024-03-06', 2, 'material', 1),
  ('J0002', '2024-05-10', 1, 'sale', 1),
  ('J0003', '2024-03-20', 9, 'rent', 1),
  ('J0004', '2024-04-23', 10, 'export sale', 1),
  ('J0005', '2024-02-27', NULL, 'train ticket', 1),
  ('J0006', '2024-03-28', NULL, 'payroll', 1),
  ('J0007', '2024-01-12', 3, 'payment', 1),
  ('J0008', '2024-01-16', 4, 'receipt', 0),
  ('J0009', '2024-05-15', 5, 'material', 1),
  ('J0010', '2024-04-05', 7, 'sale', 1),
  ('J0011', '2024-01-31', NULL, 'hotel', 0),
  ('J0012', '2024-05-01', 9, 'rent', 1);

INSERT INTO jrnl_ln (ln_id, jrnl_no, acct_no, cc_cd, dr, cr) VALUES
  (1, 'J0001', 5000, '200', 9021.28, 0),
  (2, 'J0001', 2000, NULL, 0, 9021.28),
  (3, 'J0002', 1100, NULL, 129.88, 0),
  (4, 'J0002', 4000, NULL, 0, 129.88),
  (5, 'J0003', 5200, '100', 2400.0, 0),
  (6, 'J0003', 1010, NULL, 0, 2400.0),
  (7, 'J0004', 1100, NULL, 7224.75, 0),
  (8, 'J0004', 4010, NULL, 0, 7224.75),
  (9, 'J0005', 5300, '300', 6744.46, 0),
  (10, 'J0005', 1000, NULL, 0, 6744.46),
  (11, 'J0006', 5100, '200', 2056.97, 0),
  (12, 'J0006', 1010, NULL, 0, 2056.97),
  (13, 'J0007', 2000, NULL, 7262.11, 0),
  (14, 'J0007', 1010, NULL, 0, 7262.11),
  (15, 'J0008', 1010, NULL, 749.04, 0),
  (16, 'J0008', 1100, NULL, 0, 749.04),
  (17, 'J0009', 5000, '210', 982.49, 0),
  (18, 'J0009', 2000, NULL, 0, 982.49),
  (19, 'J0010', 1100, NULL, 9698.03, 0),
  (20, 'J0010', 4000, NULL, 0, 9698.03),
  (21, 'J0011', 5300, '300', 9441.23, 0),
  (22, 'J0011', 1010, NULL, 0, 9441.23),
  (23, 'J0012', 5200, '400', 2400.0, 0),
  (24, 'J0012', 1010, NULL, 0, 2400.0);

INSERT INTO inv (inv_no, ptnr_id, dt, due_dt, net_amt, vat_amt, paid_amt) VALUES
  ('24-001', 1, '2024-03-27', '2024-04-26', 5525.27, 0, 5525.27),
  ('24-002', 4, '2024-04-20', '2024-05-20', 11188.23, 2125.76, 13313.99),
  ('24-003', 5, '2024-04-29', '2024-05-29', 2122.74, 403.32, 0),
  ('24-004', 7, '2024-02-06', '2024-03-07', 2940.91, 0, 2940.91),
  ('24-005', 8, '2024-04-10', '2024-05-10', 7814.31, 1484.72, 9299.03),
  ('24-006', 10, '2024-03-15', '2024-04-14', 7718.03, 1466.43, 9184.46),
  ('24-007', 1, '2024-05-09', '2024-06-08', 3342.6, 0, 0),
  ('24-008', 1, '2024-03-12', '2024-04-11', 4781.83, 908.55, 5690.38),
  ('24-009', 4, '2024-05-27', '2024-06-26', 9357.16, 1777.86, 11135.02),
  ('24-010', 7, '2024-01-14', '2024-02-13', 8958.68, 0, 8958.68),
  ('24-011', 10, '2024-02-09', '2024-03-10', 13180.33, 2504.26, 15684.59),
  ('24-012', 5, '2024-04-12', '2024-05-12', 9194.83, 1747.02, 4597.41),
  ('24-013', 8, '2024-04-25', '2024-05-25', 13286.26, 0, 13286.26),
  ('24-014', 1, '2024-06-14', '2024-07-14', 6943.95, 1319.35, 8263.3);
