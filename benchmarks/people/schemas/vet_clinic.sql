CREATE TABLE tbl_Owner (
  OwnerID INTEGER PRIMARY KEY AUTOINCREMENT,
  LastName VARCHAR(60) NOT NULL,
  FirstName VARCHAR(60),
  Phone VARCHAR(20),
  City VARCHAR(40),
  Email VARCHAR(120)
);
CREATE TABLE tbl_Vet (
  VetID INTEGER PRIMARY KEY AUTOINCREMENT,
  VetName VARCHAR(80) NOT NULL,
  Speciality VARCHAR(40),
  HourlyRate DECIMAL(6,2)
);
CREATE TABLE tbl_Pet (
  PetID INTEGER PRIMARY KEY AUTOINCREMENT,
  PetName VARCHAR(40) NOT NULL,
  Species VARCHAR(20) NOT NULL,   -- 'dog', 'cat', 'rabbit', 'parrot', ...
  BirthDate DATE,
  WeightKg REAL,
  OwnerID INTEGER NOT NULL,
  FOREIGN KEY (OwnerID) REFERENCES tbl_Owner (OwnerID)
);
CREATE TABLE tbl_Appointment (
  ApptID INTEGER PRIMARY KEY AUTOINCREMENT,
  PetID INTEGER NOT NULL,
  VetID INTEGER NOT NULL,
  ApptDateTime DATETIME NOT NULL,
  Reason VARCHAR(100),
  Status VARCHAR(12) NOT NULL CHECK (Status IN ('booked','done','cancelled','no-show')),
  DurationMin INTEGER,
  FOREIGN KEY (PetID) REFERENCES tbl_Pet (PetID),
  FOREIGN KEY (VetID) REFERENCES tbl_Vet (VetID)
);
CREATE TABLE tbl_Invoice (
  InvoiceID INTEGER PRIMARY KEY AUTOINCREMENT,
  ApptID INTEGER NOT NULL,
  Amount DECIMAL(8,2) NOT NULL,
  PaidDate DATE,
  FOREIGN KEY (ApptID) REFERENCES tbl_Appointment (ApptID)
);
-- data
INSERT INTO tbl_Owner (OwnerID, LastName, FirstName, Phone, City, Email) VALUES
  (1, 'Barton', 'Elsie', '555-0101', 'Kendal', 'elsie.b@mail.test'),
  (2, 'Ngata', 'Wiremu', '555-0102', 'Sedbergh', NULL),
  (3, 'Kowal', 'Marta', '555-0103', 'Kendal', 'marta@kowal.test'),
  (4, 'Silva', 'Renato', '555-0104', 'Ulverston', 'renato.silva@mail.test'),
  (5, 'Pugh', 'Gwen', NULL, 'Kendal', 'gwenp@mail.test'),
  (6, 'Iqbal', 'Sana', '555-0106', 'Penrith', NULL),
  (7, 'Moss', 'Derek', '555-0107', 'Sedbergh', 'derek@moss.test'),
  (8, 'Vance', 'Lottie', '555-0108', 'Penrith', 'lottie@vance.test'),
  (9, 'Hale', 'Jonas', NULL, 'Kendal', NULL),
  (10, 'Ruiz', 'Pilar', '555-0110', 'Ulverston', 'pilar.r@mail.test'),
  (11, 'Amadi', 'Chidi', '555-0111', 'Penrith', 'chidi@mail.test'),
  (12, 'Olsen', 'Berit', '555-0112', 'Kendal', 'berit@olsen.test');

INSERT INTO tbl_Vet (VetID, VetName, Speciality, HourlyRate) VALUES
  (1, 'Dr Sharma', 'surgery', 95),
  (2, 'Dr Pell', 'general', 70),
  (3, 'Dr Aldous', 'exotics', 82.5),
  (4, 'Dr Costa', 'general', 68),
  (5, 'Dr Winther', 'dentistry', 88),
  (6, 'Dr Boateng', 'general', 72),
  (7, 'Dr Ikeda', 'surgery', 101),
  (8, 'Dr Rowe', NULL, 60),
  (9, 'Dr Marsh', 'exotics', 79),
  (10, 'Dr Laine', 'dermatology', 84);

INSERT INTO tbl_Pet (PetID, PetName, Species, BirthDate, WeightKg, OwnerID) VALUES
  (1, 'Biscuit', 'dog', '2016-04-02', 28.4, 1),
  (2, 'Mog', 'cat', '2019-07-15', 4.1, 1),
  (3, 'Pepper', 'dog', '2021-01-30', 11.2, 3),
  (4, 'Sir Hops', 'rabbit', '2022-03-11', 1.9, 2),
  (5, 'Zelda', 'cat', '2014-10-01', 5.6, 4),
  (6, 'Tank', 'tortoise', NULL, 3.3, 5),
  (7, 'Luna', 'dog', '2020-06-21', 25.0, 6),
  (8, 'Oreo', 'rabbit', '2021-12-05', 2.2, 6),
  (9, 'Kiwi', 'parrot', '2010-05-09', 0.4, 7),
  (10, 'Bruno', 'dog', '2013-08-17', 39.5, 8),
  (11, 'Misty', 'cat', '2018-02-14', 3.8, 10),
  (12, 'Ziggy', 'cat', '2023-01-19', 2.9, 11),
  (13, 'Rex', 'dog', '2017-11-23', 31.7, 11),
  (14, 'Noodle', 'snake', NULL, 1.1, 9),
  (15, 'Pip', 'parrot', '2015-09-29', 0.5, 12),
  (16, 'Maisie', 'dog', '2022-08-08', 8.6, 12),
  (17, 'Smudge', 'cat', '2012-12-12', 6.3, 3);

INSERT INTO tbl_Appointment (ApptID, PetID, VetID, ApptDateTime, Reason, Status, DurationMin) VALUES
  (1, 1, 2, '2024-01-12 16:45', 'itching', 'done', 30),
  (2, 8, 1, '2024-01-27 14:45', 'not eating', 'no-show', 45),
  (3, 15, 4, '2024-02-20 13:45', 'dental', 'done', 20),
  (4, 6, 2, '2024-08-08 09:45', 'itching', 'done', 60),
  (5, 13, 7, '2024-06-16 09:30', 'check-up', 'done', 15),
  (6, 4, 3, '2024-06-27 16:00', 'dental', 'done', 30),
  (7, 11, 6, '2024-01-15 09:15', 'dental', 'cancelled', 15),
  (8, 2, 5, '2024-06-16 13:00', 'check-up', 'done', 30),
  (9, 9, 2, '2024-08-03 15:30', 'dental', 'done', 20),
  (10, 16, 9, '2024-04-11 15:15', 'vaccination', 'done', 20),
  (11, 7, 4, '2024-03-24 15:00', 'dental', 'cancelled', 60),
  (12, 14, 1, '2024-07-15 09:00', 'dental', 'done', 15),
  (13, 5, 6, '2024-01-15 11:30', 'limping', 'done', 60),
  (14, 12, 2, '2024-01-19 16:45', 'dental', 'booked', 60),
  (15, 3, 3, '2024-05-31 11:30', 'limping', 'cancelled', 15),
  (16, 10, 7, '2024-06-17 10:30', 'check-up', 'cancelled', 15),
  (17, 1, 6, '2024-08-19 12:30', 'limping', 'cancelled', 60),
  (18, 8, 4, '2024-08-10 11:30', 'not eating', 'booked', 45),
  (19, 15, 8, '2024-02-08 16:45', 'vaccination', 'no-show', 15),
  (20, 6, 2, '2024-02-20 11:30', 'not eating', 'booked', 30),
  (21, 13, 1, '2024-04-11 10:30', 'limping', 'no-show', 20),
  (22, 4, 6, '2024-01-13 11:15', 'not eating', 'booked', 45),
  (23, 11, 5, '2024-08-16 12:00', 'itching', 'booked', 30),
  (24, 2, 4, '2024-07-06 15:30', 'not eating', 'done', 45);

INSERT INTO tbl_Invoice (InvoiceID, ApptID, Amount, PaidDate) VALUES
  (1, 1, 202.45, '2024-07-16'),
  (2, 2, 261.41, '2024-05-04'),
  (3, 3, 257.91, '2024-04-27'),
  (4, 4, 101.55, NULL),
  (5, 5, 39.63, '2024-05-24'),
  (6, 6, 203.27, '2024-04-27'),
  (7, 7, 126.31, '2024-02-05'),
  (8, 9, 60.03, '2024-02-25'),
  (9, 10, 236.25, NULL),
  (10, 11, 276.31, '2024-05-25'),
  (11, 13, 76.27, '2024-06-21'),
  (12, 14, 164.98, '2024-04-26'),
  (13, 15, 209.95, '2024-06-08'),
  (14, 17, 139.6, '2024-03-31'),
  (15, 19, 280.38, NULL),
  (16, 20, 246.89, '2024-09-05'),
  (17, 22, 236.67, '2024-07-08'),
  (18, 24, 182.09, '2024-08-13');
