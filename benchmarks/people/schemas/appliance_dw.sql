CREATE TABLE dim_date (
  date_key INTEGER PRIMARY KEY,      -- yyyymmdd
  full_date TEXT NOT NULL,
  year INTEGER NOT NULL,
  quarter INTEGER NOT NULL,
  month INTEGER NOT NULL,
  month_name TEXT NOT NULL,
  is_weekend INTEGER NOT NULL
);
CREATE TABLE dim_product (
  product_key INTEGER PRIMARY KEY,
  product_code TEXT NOT NULL,
  product_name TEXT NOT NULL,
  brand TEXT,
  category TEXT,
  list_price NUMERIC
);
CREATE TABLE dim_store (
  store_key INTEGER PRIMARY KEY,
  store_name TEXT NOT NULL,
  city TEXT,
  region TEXT,                       -- north, south, east, west, online
  opened_on TEXT,
  floor_m2 INTEGER
);
CREATE TABLE dim_customer (
  customer_key INTEGER PRIMARY KEY,
  segment TEXT,                      -- private / business
  age_band TEXT,
  loyalty_level TEXT                 -- none / silver / gold
);
CREATE TABLE fact_sales (
  sale_id INTEGER PRIMARY KEY,
  date_key INTEGER NOT NULL REFERENCES dim_date(date_key),
  product_key INTEGER NOT NULL REFERENCES dim_product(product_key),
  store_key INTEGER NOT NULL REFERENCES dim_store(store_key),
  customer_key INTEGER NOT NULL REFERENCES dim_customer(customer_key),
  units_sold INTEGER NOT NULL,
  discount_pct INTEGER NOT NULL DEFAULT 0,
  net_revenue NUMERIC NOT NULL
);
CREATE TABLE fact_returns (
  return_id INTEGER PRIMARY KEY,
  date_key INTEGER NOT NULL REFERENCES dim_date(date_key),
  product_key INTEGER NOT NULL REFERENCES dim_product(product_key),
  store_key INTEGER NOT NULL REFERENCES dim_store(store_key),
  units_returned INTEGER NOT NULL,
  reason TEXT
);
-- data
INSERT INTO dim_date (date_key, full_date, year, quarter, month, month_name, is_weekend) VALUES
  (20230114, '2023-01-14', 2023, 1, 1, 'January', 1),
  (20230214, '2023-02-14', 2023, 1, 2, 'February', 0),
  (20230317, '2023-03-17', 2023, 1, 3, 'March', 0),
  (20230417, '2023-04-17', 2023, 2, 4, 'April', 0),
  (20230518, '2023-05-18', 2023, 2, 5, 'May', 0),
  (20230618, '2023-06-18', 2023, 2, 6, 'June', 1),
  (20230719, '2023-07-19', 2023, 3, 7, 'July', 0),
  (20230819, '2023-08-19', 2023, 3, 8, 'August', 1),
  (20230919, '2023-09-19', 2023, 3, 9, 'September', 0),
  (20231020, '2023-10-20', 2023, 4, 10, 'October', 0),
  (20231120, '2023-11-20', 2023, 4, 11, 'November', 0),
  (20231221, '2023-12-21', 2023, 4, 12, 'December', 0),
  (20240121, '2024-01-21', 2024, 1, 1, 'January', 1),
  (20240221, '2024-02-21', 2024, 1, 2, 'February', 0),
  (20240323, '2024-03-23', 2024, 1, 3, 'March', 1),
  (20240423, '2024-04-23', 2024, 2, 4, 'April', 0),
  (20240524, '2024-05-24', 2024, 2, 5, 'May', 0),
  (20240624, '2024-06-24', 2024, 2, 6, 'June', 0),
  (20240725, '2024-07-25', 2024, 3, 7, 'July', 0),
  (20240825, '2024-08-25', 2024, 3, 8, 'August', 1),
  (20240925, '2024-09-25', 2024, 3, 9, 'September', 0),
  (20241026, '2024-10-26', 2024, 4, 10, 'October', 1);

INSERT INTO dim_product (product_key, product_code, product_name, brand, category, list_price) VALUES
  (1, 'KT100', 'Kettle 1.7 l', 'Arvo', 'kitchen', 39.9),
  (2, 'TS210', 'Toaster', 'Arvo', 'kitchen', 29.5),
  (3, 'BL300', 'Blender Pro', 'Quillon', 'kitchen', 119.0),
  (4, 'HD410', 'Hair dryer', 'Lumira', 'care', 45.0),
  (5, 'SH420', 'Shaver', 'Lumira', 'care', 89.0),
  (6, 'FN500', 'Tower fan', 'Breezo', 'climate', 74.9),
  (7, 'HT510', 'Oil heater', 'Breezo', 'climate', 99.0),
  (8, 'HU520', 'Humidifier', 'Breezo', 'climate', 64.5),
  (9, 'VC600', 'Vacuum stick', 'Quillon', 'cleaning', 249.0),
  (10, 'VC610', 'Vacuum robot', 'Quillon', 'cleaning', 399.0),
  (11, 'IR620', 'Steam iron', 'Arvo', 'cleaning', 54.0),
  (12, 'CM330', 'Coffee maker', 'Arvo', 'kitchen', 84.0);

INSERT INTO dim_store (store_key, store_name, city, region, opened_on, floor_m2) VALUES
  (1, 'Main Street', 'Graz', 'south', '2009-03-01', 420),
  (2, 'Station', 'Linz', 'north', '2012-09-15', 260),
  (3, 'Harbour', 'Bregenz', 'west', '2015-05-20', 310),
  (4, 'Old Mill', 'Steyr', 'north', '2018-10-01', 180),
  (5, 'Plaza', 'Villach', 'south', '2011-06-11', 505),
  (6, 'Gate', 'Wien', 'east', '2005-01-07', 890),
  (7, 'Ring', 'Wien', 'east', '2019-04-04', 640),
  (8, 'Alp Center', 'Innsbruck', 'west', '2016-11-30', 350),
  (9, 'Outlet', 'Parndorf', 'east', '2020-08-08', 400),
  (10, 'Web shop', NULL, 'online', '2014-02-02', NULL);

INSERT INTO dim_customer (customer_key, segment, age_band, loyalty_level) VALUES
  (1, 'private', '18-29', 'none'),
  (2, 'private', '30-44', 'silver'),
  (3, 'private', '45-59', 'gold'),
  (4, 'private', '60+', 'silver'),
  (5, 'business', '30-44', 'gold'),
  (6, 'business', '45-59', 'none'),
  (7, 'private', '30-44', 'none'),
  (8, 'private', '18-29', 'silver'),
  (9, 'business', '60+', 'none'),
  (10, 'private', '45-59', 'silver');

INSERT INTO fact_sales (sale_id, date_key, product_key, store_key, customer_key, units_sold, discount_pct, net_revenue) VALUES
  (1, 20240323, 12, 6, 5, 1, 0, 84.0),
  (2, 20231020, 10, 1, 2, 1, 5, 379.05),
  (3, 20240221, 6, 6, 7, 2, 25, 112.35),
  (4, 20230417, 1, 7, 8, 4, 5, 151.62),
  (5, 20240624, 11, 10, 5, 3, 0, 162.0),
  (6, 20240925, 11, 10, 5, 6, 25, 243.0),
  (7, 20231120, 3, 1, 8, 1, 5, 113.05),
  (8, 20230919, 10, 6, 9, 1, 0, 399.0),
  (9, 20230417, 11, 10, 4, 4, 0, 216.0),
  (10, 20230317, 7, 2, 7, 4, 25, 297.0),
  (11, 20240323, 10, 1, 4, 2, 10, 718.2),
  (12, 20240423, 7, 10, 8, 6, 5, 564.3),
  (13, 20240323, 2, 2, 1, 2, 0, 59.0),
  (14, 20240725, 10, 7, 5, 4, 5, 1516.2),
  (15, 20230114, 7, 6, 9, 1, 5, 94.05),
  (16, 20240423, 1, 7, 2, 3, 25, 89.78),
  (17, 20240323, 10, 2, 7, 1, 10, 359.1),
  (18, 20230518, 5, 1, 9, 6, 0, 534.0),
  (19, 20240423, 5, 6, 9, 1, 0, 89.0),
  (20, 20240825, 1, 10, 2, 6, 10, 215.46),
  (21, 20240323, 2, 7, 1, 2, 10, 53.1),
  (22, 20241026, 12, 1, 6, 6, 5, 478.8),
  (23, 20230417, 3, 10, 3, 3, 0, 357.0),
  (24, 20230618, 11, 10, 6, 4, 25, 162.0),
  (25, 20230518, 1, 6, 6, 2, 5, 75.81);

INSERT INTO fact_returns (return_id, date_key, product_key, store_key, units_returned, reason) VALUES
  (1, 20230417, 3, 6, 1, 'defect'),
  (2, 20230919, 3, 1, 1, 'changed mind'),
  (3, 20230214, 3, 10, 1, 'wrong item'),
  (4, 20240121, 6, 1, 1, 'defect'),
  (5, 20230417, 4, 2, 2, 'late delivery'),
  (6, 20230417, 12, 6, 1, 'defect'),
  (7, 20241026, 3, 2, 1, 'changed mind'),
  (8, 20230518, 9, 6, 1, 'wrong item'),
  (9, 20231120, 1, 5, 2, 'defect'),
  (10, 20230719, 12, 6, 1, 'late delivery'),
  (11, 20240423, 1, 1, 1, 'defect'),
  (12, 20240323, 4, 1, 1, 'changed mind');
