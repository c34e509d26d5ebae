CREATE TABLE "group" (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  discount_pct REAL NOT NULL DEFAULT 0
);
CREATE TABLE customer (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  city TEXT,
  group_id INTEGER NOT NULL REFERENCES "group"(id),
  newsletter BOOLEAN NOT NULL DEFAULT 0,
  created_at TEXT
);
CREATE TABLE product (
  id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  price REAL NOT NULL,
  stock INTEGER NOT NULL DEFAULT 0,
  discontinued BOOLEAN NOT NULL DEFAULT 0
);
CREATE TABLE "order" (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customer(id),
  "date" TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new','paid','shipped','returned','cancelled')),
  shipped_on TEXT,
  comment TEXT
);
CREATE TABLE order_item (
  order_id INTEGER NOT NULL REFERENCES "order"(id),
  product_id INTEGER NOT NULL REFERENCES product(id),
  quantity INTEGER NOT NULL,
  unit_price REAL NOT NULL,
  PRIMARY KEY (order_id, product_id)
);
-- data
INSERT INTO "group" (id, name, discount_pct) VALUES
  (1, 'retail', 0),
  (2, 'trade', 12.5),
  (3, 'staff', 30),
  (4, 'school', 10),
  (5, 'charity', 15),
  (6, 'vip', 20),
  (7, 'press', 5),
  (8, 'student', 8),
  (9, 'friends', 7.5),
  (10, 'export', 4);

INSERT INTO customer (id, name, city, group_id, newsletter, created_at) VALUES
  (1, 'Nadia Brook', 'Leeds', 1, 0, '2023-05-29'),
  (2, 'Cafe Lumen', 'York', 2, 1, '2023-04-26'),
  (3, 'Otto Gray', 'Leeds', 3, 0, '2022-12-02'),
  (4, 'Hill Primary School', 'Hull', 4, 1, '2022-08-20'),
  (5, 'Sunrise Trust', 'York', 5, 0, '2021-11-24'),
  (6, 'Lena Vogt', 'Berlin', 6, 1, '2021-07-03'),
  (7, 'Marco Bassi', 'Leeds', 1, 0, '2022-06-03'),
  (8, 'Fern & Co', 'Hull', 2, 1, '2022-09-19'),
  (9, 'Ida Holm', 'York', 8, 0, '2023-11-02'),
  (10, 'Peter Nowak', 'Leeds', 1, 1, '2023-09-01'),
  (11, 'Studio Kite', 'Berlin', 2, 0, '2022-12-30'),
  (12, 'Hannah Ode', 'Hull', 1, 1, '2021-10-05'),
  (13, 'Raj Patel', 'York', 6, 0, '2024-04-04'),
  (14, 'Bluebird Nursery', 'Leeds', 4, 1, '2023-02-20');

INSERT INTO product (id, sku, name, price, stock, discontinued) VALUES
  (1, 'CND-01', 'Beeswax candle', 7.5, 40, 0),
  (2, 'CND-02', 'Soy candle large', 14.0, 0, 0),
  (3, 'SOP-01', 'Oat soap', 4.2, 120, 0),
  (4, 'SOP-02', 'Tar soap', 4.8, 8, 0),
  (5, 'TWL-10', 'Linen towel', 19.9, 25, 0),
  (6, 'TWL-11', 'Waffle towel', 23.5, 3, 1),
  (7, 'BRS-05', 'Bath brush', 12.0, 17, 0),
  (8, 'BRS-06', 'Nail brush', 2.5, 0, 1),
  (9, 'OIL-20', 'Lavender oil 50 ml', 16.0, 31, 0),
  (10, 'OIL-21', 'Pine oil 50 ml', 15.0, 5, 0),
  (11, 'BOX-01', 'Gift box small', 3.0, 200, 0),
  (12, 'BOX-02', 'Gift box large', 6.0, 64, 0);

INSERT INTO "order" (id, customer_id, date, status, shipped_on, comment) VALUES
  (1, 6, '2024-07-26', 'new', NULL, NULL),
  (2, 11, '2024-04-16', 'paid', NULL, NULL),
  (3, 11, '2024-04-10', 'shipped', '2024-04-13', NULL),
  (4, 8, '2024-04-27', 'shipped', '2024-05-03', 'gift wrap please'),
  (5, 1, '2024-09-01', 'shipped', '2024-09-10', NULL),
  (6, 7, '2024-03-31', 'returned', '2024-04-01', NULL),
  (7, 9, '2024-09-05', 'paid', NULL, NULL),
  (8, 1, '2024-03-11', 'cancelled', NULL, NULL),
  (9, 6, '2024-03-07', 'shipped', '2024-03-14', NULL),
  (10, 5, '2024-06-08', 'new', NULL, 'gift wrap please'),
  (11, 5, '2024-08-16', 'shipped', '2024-08-20', NULL),
  (12, 9, '2024-04-10', 'paid', NULL, NULL),
  (13, 2, '2024-04-09', 'shipped', '2024-04-14', NULL),
  (14, 8, '2024-09-23', 'returned', '2024-09-26', NULL),
  (15, 12, '2024-09-20', 'shipped', '2024-09-22', NULL),
  (16, 13, '2024-10-27', 'shipped', '2024-10-28', NULL),
  (17, 4, '2024-07-09', 'cancelled', NULL, NULL),
  (18, 5, '2024-08-28', 'paid', NULL, NULL);

INSERT INTO order_item (order_id, product_id, quantity, unit_price) VALUES
  (1, 9, 2, 16),
  (2, 12, 1, 6),
  (3, 12, 8, 6),
  (4, 9, 1, 16),
  (5, 9, 1, 16),
  (6, 5, 5, 19.9),
  (7, 3, 6, 4.2),
  (8, 1, 6, 7.5),
  (9, 1, 4, 7.5),
  (10, 5, 7, 19.9),
  (11, 5, 5, 19.9),
  (12, 4, 3, 4.8),
  (13, 5, 1, 19.9),
  (14, 1, 5, 7.5),
  (15, 1, 2, 7.5),
  (16, 10, 5, 15),
  (17, 7, 4, 12),
  (18, 3, 5, 4.2),
  (9, 3, 4, 4.2),
  (12, 2, 3, 14),
  (16, 9, 5, 16),
  (1, 1, 6, 7.5),
  (9, 12, 6, 6),
  (12, 1, 5, 7.5),
  (15, 4, 2, 4.8);
