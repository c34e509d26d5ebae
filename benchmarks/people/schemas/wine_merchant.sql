CREATE TABLE "Wine Growers" (
  "Grower ID" INTEGER PRIMARY KEY,
  "Grower Name" TEXT NOT NULL,
  "Village" TEXT,
  "Country" TEXT,
  "Hectares" REAL,
  "Organic" INTEGER DEFAULT 0
);
CREATE TABLE "Wines" (
  "Wine ID" INTEGER PRIMARY KEY,
  "Wine Name" TEXT NOT NULL,
  "Grower ID" INTEGER REFERENCES "Wine Growers"("Grower ID"),
  "Colour" TEXT CHECK ("Colour" IN ('red','white','rose')),
  "Vintage" INTEGER,
  "Alcohol %" REAL,
  "Unit Price" NUMERIC,
  "Bottles In Stock" INTEGER
);
CREATE TABLE "Customers" (
  "Customer ID" INTEGER PRIMARY KEY,
  "Company" TEXT NOT NULL,
  "Contact Name" TEXT,
  "Town" TEXT,
  "Credit Limit" NUMERIC
);
CREATE TABLE "Orders" (
  "Order No" INTEGER PRIMARY KEY,
  "Customer ID" INTEGER NOT NULL REFERENCES "Customers"("Customer ID"),
  "Order Date" TEXT NOT NULL,
  "Delivery Date" TEXT,
  "Ship Via" TEXT,
  "Freight" NUMERIC
);
CREATE TABLE "Order Details" (
  "Order No" INTEGER NOT NULL REFERENCES "Orders"("Order No"),
  "Wine ID" INTEGER NOT NULL REFERENCES "Wines"("Wine ID"),
  "Quantity" INTEGER NOT NULL,
  "Unit Price" NUMERIC NOT NULL,
  "Discount" REAL NOT NULL DEFAULT 0,   -- 0.05 = 5 %
  PRIMARY KEY ("Order No", "Wine ID")
);
-- data
INSERT INTO "Wine Growers" ("Grower ID", "Grower Name", Village, Country, Hectares, Organic) VALUES
  (1, 'Domaine Perrault', 'Cairanne', 'France', 14.5, 1),
  (2, 'Weingut Haslach', 'Krems', 'Austria', 9, 0),
  (3, 'Cantina Serra', 'Barolo', 'Italy', 22, 1),
  (4, 'Bodega Tres Olmos', 'Haro', 'Spain', 41.2, 0),
  (5, 'Quinta da Lapa', 'Pinhao', 'Portugal', 30, 0),
  (6, 'Chateau Vermeil', 'Cadillac', 'France', 55, 0),
  (7, 'Weingut Ebner', 'Rust', 'Austria', 7.8, 1),
  (8, 'Tenuta Bellocchi', 'Montalcino', 'Italy', 12, 0),
  (9, 'Clos Aubry', 'Chablis', 'France', 6.3, 1),
  (10, 'Viña Mistral', 'Rancagua', 'Chile', 80, 0),
  (11, 'Kloof Estate', 'Paarl', 'South Africa', 37.5, 0);

INSERT INTO Wines ("Wine ID", "Wine Name", "Grower ID", Colour, Vintage, "Alcohol %", "Unit Price", "Bottles In Stock") VALUES
  (1, 'Cairanne Rouge', 1, 'red', 2019, 14.5, 13.9, 120),
  (2, 'Cairanne Blanc', 1, 'white', 2021, 13, 12.5, 48),
  (3, 'Grüner Kamptal', 2, 'white', 2022, 12.5, 9.8, 200),
  (4, 'Barolo Serra', 3, 'red', 2016, 14, 44.0, 36),
  (5, 'Langhe Nebbiolo', 3, 'red', 2020, 13.5, 18.7, 60),
  (6, 'Olmos Reserva', 4, 'red', 2015, 14, 21.0, 0),
  (7, 'Olmos Rosado', 4, 'rose', 2022, 12.5, 8.4, 90),
  (8, 'Lapa Tinto', 5, 'red', 2018, 13.5, 7.9, 300),
  (9, 'Vermeil Sweet', 6, 'white', 2014, 14, 29.0, 18),
  (10, 'Rust Ausbruch', 7, 'white', 2017, 11, 52.0, 11),
  (11, 'Brunello Bellocchi', 8, 'red', 2013, 14.5, 58.5, 24),
  (12, 'Chablis Premier', 9, 'white', 2020, 12.5, 31.0, 42),
  (13, 'Mistral Carmenere', 10, 'red', 2021, 13.5, 6.9, 410),
  (14, 'Kloof Chenin', 11, 'white', 2022, 13, 8.9, 0),
  (15, 'Ebner Rosé', 7, 'rose', 2022, 12, 10.2, 55);

INSERT INTO Customers ("Customer ID", Company, "Contact Name", Town, "Credit Limit") VALUES
  (1, 'Bistro Nord', 'A. Keller', 'Hamburg', 2000),
  (2, 'Hotel Anker', 'S. Voss', 'Kiel', 8000),
  (3, 'Trattoria Gino', 'G. Marchetti', 'Hamburg', 1500),
  (4, 'Weinbar Elf', 'L. Brandt', 'Bremen', NULL),
  (5, 'Feinkost Adler', 'M. Adler', 'Lübeck', 3000),
  (6, 'Kantine 9', 'R. Stein', 'Hamburg', 500),
  (7, 'Restaurant Deich', 'O. Petersen', 'Husum', 2500),
  (8, 'Cafe Kontor', 'J. Ahrens', 'Kiel', 1000),
  (9, 'Strandhaus', 'N. Lorenz', 'Husum', NULL),
  (10, 'Golfclub Holm', 'P. Wulff', 'Holm', 6000),
  (11, 'Privatclub', 'E. Thies', 'Bremen', 4000);

INSERT INTO Orders ("Order No", "Customer ID", "Order Date", "Delivery Date", "Ship Via", Freight) VALUES
  (5000, 1, '2024-03-07', '2024-03-17', 'DHL', 6.9),
  (5001, 2, '2024-07-07', '2024-07-09', 'own van', 0),
  (5002, 3, '2024-09-03', '2024-09-14', 'pick-up', 6.9),
  (5003, 4, '2024-07-31', '2024-08-04', 'pick-up', 12.5),
  (5004, 2, '2024-07-08', NULL, 'pick-up', 6.9),
  (5005, 5, '2024-05-02', '2024-05-13', 'pick-up', 25),
  (5006, 7, '2024-03-03', '2024-03-10', 'own van', 25),
  (5007, 8, '2024-05-05', '2024-05-10', 'DHL', 12.5),
  (5008, 1, '2024-02-05', '2024-02-08', 'pick-up', 6.9),
  (5009, 10, '2024-05-12', NULL, 'pick-up', 0),
  (5010, 2, '2024-01-30', '2024-02-07', 'own van', 0),
  (5011, 6, '2024-02-23', '2024-02-28', 'own van', 12.5),
  (5012, 7, '2024-01-24', '2024-01-28', 'DHL', 6.9),
  (5013, 3, '2024-05-19', '2024-05-25', 'own van', 6.9),
  (5014, 10, '2024-04-24', '2024-05-06', 'own van', 0),
  (5015, 11, '2024-01-23', NULL, 'DHL', 6.9);

INSERT INTO "Order Details" ("Order No", "Wine ID", Quantity, "Unit Price", Discount) VALUES
  (5000, 7, 6, 8.4, 0),
  (5001, 11, 6, 58.5, 0.1),
  (5002, 2, 6, 12.5, 0.1),
  (5003, 2, 6, 12.5, 0.1),
  (5004, 1, 6, 13.9, 0),
  (5005, 3, 18, 9.8, 0.05),
  (5006, 8, 6, 7.9, 0.1),
  (5007, 1, 60, 13.9, 0),
  (5008, 9, 12, 29, 0.1),
  (5009, 13, 6, 6.9, 0),
  (5010, 15, 24, 10.2, 0.1),
  (5011, 7, 18, 8.4, 0),
  (5012, 13, 6, 6.9, 0),
  (5013, 7, 6, 8.4, 0.1),
  (5014, 12, 12, 31, 0.05),
  (5015, 15, 6, 10.2, 0),
  (5014, 1, 12, 13.9, 0.05),
  (5001, 1, 60, 13.9, 0),
  (5001, 2, 12, 12.5, 0.1),
  (5014, 11, 6, 58.5, 0.05),
  (5007, 8, 6, 7.9, 0.1),
  (5006, 1, 24, 13.9, 0.05),
  (5003, 15, 6, 10.2, 0),
  (5012, 8, 6, 7.9, 0.1),
  (5007, 7, 60, 8.4, 0);
