CREATE TABLE driver (
  uuid TEXT PRIMARY KEY,
  fullName TEXT NOT NULL,
  licenceClass TEXT NOT NULL,
  licenceValidTo TEXT,
  hourlyWage REAL
);
CREATE TABLE vehicle (
  uuid TEXT PRIMARY KEY,
  plateNumber TEXT NOT NULL UNIQUE,
  make TEXT,
  model TEXT,
  bodyType TEXT CHECK (bodyType IN ('truck','van','car')),
  modelYear INTEGER,
  odometerKm INTEGER,
  fuelType TEXT CHECK (fuelType IN ('diesel','petrol','electric','hybrid'))
);
CREATE TABLE fuelLog (
  uuid TEXT PRIMARY KEY,
  vehicleUuid TEXT NOT NULL REFERENCES vehicle(uuid),
  driverUuid TEXT REFERENCES driver(uuid),
  filledOn TEXT NOT NULL,
  litres REAL NOT NULL,
  totalCost REAL NOT NULL,
  stationName TEXT
);
CREATE TABLE serviceVisit (
  uuid TEXT PRIMARY KEY,
  vehicleUuid TEXT NOT NULL REFERENCES vehicle(uuid),
  visitType TEXT NOT NULL,       -- inspection, tyres, oil change, brakes, bodywork
  startedOn TEXT NOT NULL,
  finishedOn TEXT,               -- empty while in the workshop
  cost REAL,
  workshopName TEXT
);
CREATE TABLE trip (
  uuid TEXT PRIMARY KEY,
  vehicleUuid TEXT NOT NULL REFERENCES vehicle(uuid),
  driverUuid TEXT NOT NULL REFERENCES driver(uuid),
  startCity TEXT NOT NULL,
  endCity TEXT NOT NULL,
  distanceKm REAL,
  loadKg INTEGER,
  tripDate TEXT NOT NULL
);
-- data
INSERT INTO driver (uuid, fullName, licenceClass, licenceValidTo, hourlyWage) VALUES
  ('drv-1eef', 'Marlon Teague', 'C1,C', '2027-05-01', 17.0),
  ('drv-bd26', 'Sofie Dahl', 'B', '2026-02-11', 20.4),
  ('drv-5b5d', 'Ahmed Zidan', 'C', '2025-12-30', 23.8),
  ('drv-f994', 'Karol Wilk', 'CE', '2029-08-19', 17.85),
  ('drv-97cb', 'June Abbott', 'B', '2030-01-15', 21.25),
  ('drv-3602', 'Pavel Hruby', 'D', '2024-06-06', 24.65),
  ('drv-d439', 'Lucia Neri', 'CE', '2028-03-22', 18.7),
  ('drv-7270', 'Tom Ashe', 'B', '2024-09-09', 22.1),
  ('drv-10a7', 'Greta Unger', 'C', '2027-10-10', 25.5),
  ('drv-aede', 'Joao Mota', 'CE', '2026-07-07', 19.55);

INSERT INTO vehicle (uuid, plateNumber, make, model, bodyType, modelYear, odometerKm, fuelType) VALUES
  ('veh-1eef', 'FL-101', 'Volvo', 'FH16', 'truck', 2017, 482300, 'diesel'),
  ('veh-bd26', 'FL-102', 'MAN', 'TGX', 'truck', 2020, 231050, 'diesel'),
  ('veh-5b5d', 'FL-103', 'Ford', 'Transit', 'van', 2019, 98700, 'diesel'),
  ('veh-f994', 'FL-104', 'Renault', 'Master', 'van', 2022, 40120, 'electric'),
  ('veh-97cb', 'FL-105', 'Opel', 'Combo', 'van', 2018, 187420, 'petrol'),
  ('veh-3602', 'FL-106', 'Scania', 'R450', 'truck', 2015, 655900, 'diesel'),
  ('veh-d439', 'FL-107', 'Nissan', 'Leaf', 'car', 2021, 33410, 'electric'),
  ('veh-7270', 'FL-108', 'Skoda', 'Octavia', 'car', 2018, 120990, 'diesel'),
  ('veh-10a7', 'FL-109', 'Fiat', 'Ducato', 'van', 2023, 15230, 'diesel'),
  ('veh-aede', 'FL-110', 'DAF', 'XF', 'truck', 2021, 199800, 'diesel'),
  ('veh-4d15', 'FL-111', 'Toyota', 'Yaris', 'car', 2020, 51000, 'hybrid');

INSERT INTO fuelLog (uuid, vehicleUuid, driverUuid, filledOn, litres, totalCost, stationName) VALUES
  ('fl-05ad', 'veh-10a7', 'drv-d439', '2024-05-23', 57.8, 100.99, 'Shell'),
  ('fl-a3e4', 'veh-7270', 'drv-7270', '2024-05-15', 45.3, 81.25, 'Shell'),
  ('fl-421b', 'veh-97cb', 'drv-bd26', '2024-03-20', 50.3, 82.64, 'Aral'),
  ('fl-e052', 'veh-5b5d', 'drv-1eef', '2024-06-26', 57.7, 98.81, 'Shell'),
  ('fl-7e89', 'veh-3602', 'drv-97cb', '2024-05-31', 104.2, 161.15, 'depot'),
  ('fl-1cc0', 'veh-5b5d', 'drv-d439', '2024-04-20', 56.3, 95.72, 'depot'),
  ('fl-baf7', 'veh-10a7', 'drv-10a7', '2024-02-12', 37.3, 64.25, 'Aral'),
  ('fl-592e', 'veh-97cb', 'drv-1eef', '2024-06-03', 42.2, 70.36, 'Jet'),
  ('fl-f765', 'veh-10a7', 'drv-97cb', '2024-05-16', 68.5, 117.27, 'Shell'),
  ('fl-959c', 'veh-97cb', 'drv-f994', '2024-06-25', 47.7, 70.61, 'Jet'),
  ('fl-33d3', 'veh-3602', 'drv-7270', '2024-02-05', 240.0, 386.64, 'Jet'),
  ('fl-d20a', 'veh-10a7', 'drv-7270', '2024-01-13', 30.9, 46.81, 'depot'),
  ('fl-7041', 'veh-1eef', 'drv-f994', '2024-05-04', 117.2, 195.89, 'Jet'),
  ('fl-0e78', 'veh-7270', 'drv-10a7', '2024-06-04', 60.6, 110.45, 'Aral'),
  ('fl-acaf', 'veh-97cb', 'drv-bd26', '2024-01-03', 32.2, 52.48, 'Aral'),
  ('fl-4ae6', 'veh-10a7', 'drv-5b5d', '2024-03-08', 58.4, 87.65, 'depot'),
  ('fl-e91d', 'veh-1eef', 'drv-bd26', '2024-01-26', 363.6, 621.27, 'Jet'),
  ('fl-8754', 'veh-aede', 'drv-bd26', '2024-05-11', 50.5, 74.84, 'depot'),
  ('fl-258b', 'veh-10a7', 'drv-d439', '2024-02-07', 34.8, 56.08, 'Jet'),
  ('fl-c3c2', 'veh-aede', 'drv-d439', '2024-03-25', 265.9, 482.15, 'depot'),
  ('fl-61f9', 'veh-3602', 'drv-5b5d', '2024-05-14', 142.8, 215.96, 'Shell'),
  ('fl-0030', 'veh-97cb', 'drv-5b5d', '2024-04-19', 60.4, 105.46, 'Aral');

INSERT INTO serviceVisit (uuid, vehicleUuid, visitType, startedOn, finishedOn, cost, workshopName) VALUES
  ('sv-be45', 'veh-1eef', 'inspection', '2024-01-04', '2024-01-09', 126.84, 'Garage Rossi'),
  ('sv-5c7c', 'veh-f994', 'oil change', '2024-01-03', '2024-01-04', 103.84, 'TruckPoint'),
  ('sv-fab3', 'veh-d439', 'bodywork', '2024-02-06', '2024-02-07', 1215.12, 'TruckPoint'),
  ('sv-98ea', 'veh-aede', 'tyres', '2024-03-12', '2024-03-13', 1590.42, 'own workshop'),
  ('sv-3721', 'veh-5b5d', 'brakes', '2023-07-19', '2023-07-20', 1880.65, 'own workshop'),
  ('sv-d558', 'veh-3602', 'inspection', '2024-05-31', NULL, 549.04, 'TruckPoint'),
  ('sv-738f', 'veh-10a7', 'oil change', '2023-08-30', '2023-09-01', 1633.79, 'Garage Rossi'),
  ('sv-11c6', 'veh-bd26', 'bodywork', '2023-09-13', '2023-09-17', 1201.8, 'own workshop'),
  ('sv-affd', 'veh-97cb', 'tyres', '2024-02-26', '2024-02-28', 1749.17, 'Garage Rossi'),
  ('sv-4e34', 'veh-7270', 'brakes', '2023-10-26', '2023-10-26', 432.15, 'TruckPoint'),
  ('sv-ec6b', 'veh-1eef', 'inspection', '2024-03-12', '2024-03-16', 1916.28, 'Garage Rossi'),
  ('sv-8aa2', 'veh-f994', 'oil change', '2024-05-02', '2024-05-02', 1991.03, 'TruckPoint'),
  ('sv-28d9', 'veh-d439', 'bodywork', '2023-08-07', '2023-08-10', 1423.05, 'own workshop'),
  ('sv-c710', 'veh-aede', 'tyres', '2024-04-04', NULL, 2323.23, 'Garage Rossi'),
  ('sv-6547', 'veh-5b5d', 'brakes', '2024-04-26', '2024-04-29', 1038.21, 'Garage Rossi'),
  ('sv-037e', 'veh-3602', 'inspection', '2024-05-14', '2024-05-18', 1716.15, 'TruckPoint');

INSERT INTO trip (uuid, vehicleUuid, driverUuid, startCity, endCity, distanceKm, loadKg, tripDate) VALUES
  ('tr-b9e7', 'veh-10a7', 'drv-97cb', 'Trier', 'Bonn', 165.9, 1500, '2024-05-02'),
  ('tr-581e', 'veh-f994', 'drv-10a7', 'Köln', 'Liège', 138.1, 1500, '2024-04-27'),
  ('tr-f655', 'veh-f994', 'drv-97cb', 'Liège', 'Köln', 227.7, 1500, '2024-02-21'),
  ('tr-948c', 'veh-f994', 'drv-bd26', 'Aachen', 'Liège', 290.9, 9000, '2024-03-10'),
  ('tr-32c3', 'veh-97cb', 'drv-d439', 'Trier', 'Metz', 87.9, 12500, '2024-03-26'),
  ('tr-d0fa', 'veh-3602', 'drv-1eef', 'Köln', 'Trier', 127.1, 1500, '2024-05-16'),
  ('tr-6f31', 'veh-3602', 'drv-1eef', 'Bonn', 'Köln', 379.9, 12500, '2024-02-08'),
  ('tr-0d68', 'veh-1eef', 'drv-bd26', 'Bonn', 'Liège', 311.2, 12500, '2024-04-04'),
  ('tr-ab9f', 'veh-10a7', 'drv-10a7', 'Liège', 'Metz', 49.6, 9000, '2024-04-27'),
  ('tr-49d6', 'veh-3602', 'drv-1eef', 'Liège', 'Trier', 147.0, 18000, '2024-03-17'),
  ('tr-e80d', 'veh-1eef', 'drv-1eef', 'Metz', 'Aachen', 179.5, 4200, '2024-06-18'),
  ('tr-8644', 'veh-3602', 'drv-f994', 'Metz', 'Köln', 106.5, 1500, '2024-06-24'),
  ('tr-247b', 'veh-f994', 'drv-f994', 'Bonn', 'Trier', 376.5, NULL, '2024-06-29'),
  ('tr-c2b2', 'veh-bd26', 'drv-5b5d', 'Trier', 'Köln', 391.0, 1500, '2024-03-29'),
  ('tr-60e9', 'veh-1eef', 'drv-1eef', 'Bonn', 'Trier', 124.8, 800, '2024-02-29'),
  ('tr-ff20', 'veh-5b5d', 'drv-5b5d', 'Metz', 'Aachen', 66.7, 1500, '2024-05-31'),
  ('tr-9d57', 'veh-bd26', 'drv-5b5d', 'Bonn', 'Aachen', 97.4, 4200, '2024-06-27'),
  ('tr-3b8e', 'veh-5b5d', 'drv-10a7', 'Trier', 'Liège', 55.7, 12500, '2024-03-05'),
  ('tr-d9c5', 'veh-97cb', 'drv-10a7', 'Metz', 'Liège', 131.4, 4200, '2024-05-02'),
  ('tr-77fc', 'veh-f994', 'drv-bd26', 'Bonn', 'Metz', 44.6, 800, '2024-05-03');
