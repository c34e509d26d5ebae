CREATE TABLE author (
  author_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  born INTEGER,               -- year of birth
  country TEXT
);
CREATE TABLE book (
  book_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  isbn TEXT UNIQUE,
  published_year INTEGER,
  pages INTEGER,
  genre TEXT                  -- novel, crime, history, nature, children, cookery
);
CREATE TABLE book_author (
  book_id INTEGER NOT NULL REFERENCES book(book_id),
  author_id INTEGER NOT NULL REFERENCES author(author_id),
  position INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (book_id, author_id)
);
CREATE TABLE member (
  member_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  town TEXT,
  joined_on DATE NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE copy (
  copy_id INTEGER PRIMARY KEY,
  book_id INTEGER NOT NULL REFERENCES book(book_id),
  shelf TEXT,
  condition TEXT CHECK (condition IN ('new','good','worn','damaged')),
  price NUMERIC
);
CREATE TABLE loan (
  loan_id INTEGER PRIMARY KEY,
  copy_id INTEGER NOT NULL REFERENCES copy(copy_id),
  member_id INTEGER NOT NULL REFERENCES member(member_id),
  loaned_on DATE NOT NULL,
  due_on DATE NOT NULL,
  returned_on DATE,
  fine NUMERIC NOT NULL DEFAULT 0
);
-- data
INSERT INTO author (author_id, full_name, born, country) VALUES
  (1, 'Ines Calloway', 1949, 'Ireland'),
  (2, 'Tomasz Brandt', 1962, 'Poland'),
  (3, 'Ruth Okonjo', 1975, 'Nigeria'),
  (4, 'Hal Vesterby', 1931, 'Denmark'),
  (5, 'Mireille Fontan', 1988, 'France'),
  (6, 'Kenji Aramaki', 1970, 'Japan'),
  (7, 'Dolores Quint', 1956, 'Spain'),
  (8, 'Peter Lindqvist', NULL, 'Sweden'),
  (9, 'Aoife Brannigan', 1990, 'Ireland'),
  (10, 'Samuel Tetteh', 1967, 'Ghana'),
  (11, 'Olga Reznik', 1944, NULL),
  (12, 'Bruno Paz', 1981, 'Brazil');

INSERT INTO book (book_id, title, isbn, published_year, pages, genre) VALUES
  (1, 'The Salt Road', '978-0-11-000001-1', 1988, 312, 'novel'),
  (2, 'Harbour Lights', '978-0-11-000002-8', 2004, 228, 'novel'),
  (3, 'A Short History of Glass', '978-0-11-000003-5', 1999, 451, 'history'),
  (4, 'Night Trams', '978-0-11-000004-2', 2015, 187, 'crime'),
  (5, 'The Cold Cellar', '978-0-11-000005-9', 2017, 344, 'crime'),
  (6, 'Moss and Lichen', NULL, 2009, 520, 'nature'),
  (7, 'Paper Boats', '978-0-11-000007-3', 2021, 96, 'children'),
  (8, 'The Clockmaker of Gdansk', '978-0-11-000008-0', 2012, 402, 'novel'),
  (9, 'Learning to Listen', '978-0-11-000009-7', 2019, 265, NULL),
  (10, 'Bread of the North', '978-0-11-000010-3', 2001, 199, 'cookery'),
  (11, 'Seven Grey Foxes', NULL, 2020, 64, 'children'),
  (12, 'Winter Ferry', '978-0-11-000012-7', 1979, 288, 'crime'),
  (13, 'The Long Drought', '978-0-11-000013-4', 2011, 376, 'history'),
  (14, 'Birds at the Window', '978-0-11-000014-1', 2022, 142, 'nature'),
  (15, 'No Return Ticket', '978-0-11-000015-8', 2018, 301, 'crime');

INSERT INTO book_author (book_id, author_id, position) VALUES
  (1, 1, 1),
  (2, 1, 1),
  (3, 4, 1),
  (3, 7, 2),
  (4, 2, 1),
  (5, 2, 1),
  (6, 8, 1),
  (6, 11, 2),
  (7, 5, 1),
  (8, 2, 1),
  (9, 3, 1),
  (9, 10, 2),
  (10, 4, 1),
  (11, 9, 1),
  (11, 5, 2),
  (12, 7, 1),
  (13, 3, 1),
  (14, 8, 1),
  (15, 6, 1);

INSERT INTO member (member_id, name, town, joined_on, is_active) VALUES
  (1, 'Clara Finch', 'Ashby', '2021-01-10', 1),
  (2, 'Omar Haddad', 'Ashby', '2022-08-13', 1),
  (3, 'Joan Petrie', 'Corley', '2021-03-29', 1),
  (4, 'Luis Ferrer', 'Millport', '2021-09-10', 0),
  (5, 'Wendy Zhao', 'Corley', '2019-04-08', 1),
  (6, 'Nils Aker', 'Ashby', '2020-02-21', 1),
  (7, 'Priya Raman', 'Denholm', '2019-09-28', 1),
  (8, 'Gus Moreau', 'Millport', '2022-05-19', 1),
  (9, 'Edith Blom', 'Ashby', '2021-08-06', 0),
  (10, 'Yusuf Kaya', 'Corley', '2023-08-08', 1),
  (11, 'Tara Lowell', 'Denholm', '2023-01-20', 1),
  (12, 'Ivo Dragan', 'Ashby', '2019-04-02', 0),
  (13, 'Beth Solomon', 'Millport', '2019-11-11', 1),
  (14, 'Amir Farouk', 'Corley', '2020-09-19', 1);

INSERT INTO copy (copy_id, book_id, shelf, condition, price) VALUES
  (100, 1, 'A1', 'new', 17.43),
  (101, 2, 'B2', 'good', 20.19),
  (102, 3, 'C3', 'damaged', 19.25),
  (103, 4, 'D4', 'good', 19.95),
  (104, 5, 'A5', 'worn', 9.47),
  (105, 6, 'B6', 'new', 18.0),
  (106, 7, 'C7', 'good', 24.7),
  (107, 8, 'D1', 'damaged', 8.17),
  (108, 9, 'A2', 'good', 19.47),
  (109, 10, 'B3', 'worn', 27.84),
  (110, 11, 'C4', 'new', 27.54),
  (111, 12, 'D5', 'good', 6.15),
  (112, 13, 'A6', 'damaged', 27.36),
  (113, 14, 'B7', 'good', 18.42),
  (114, 15, 'C1', 'worn', 25.24),
  (115, 1, 'D2', 'new', 6.66),
  (116, 2, 'A3', 'good', 23.18),
  (117, 3, 'B4', 'damaged', 13.94),
  (118, 4, 'C5', 'good', 24.78),
  (119, 5, 'D6', 'worn', 21.6),
  (120, 6, 'A7', 'new', 11.78),
  (121, 7, 'B1', 'good', 18.19);

INSERT INTO loan (loan_id, copy_id, member_id, loaned_on, due_on, returned_on, fine) VALUES
  (1, 100, 1, '2023-08-28', '2023-09-18', '2023-09-12', 0.0),
  (2, 105, 5, '2024-09-30', '2024-10-21', '2024-10-25', 1.0),
  (3, 110, 11, '2023-08-16', '2023-09-06', NULL, 0),
  (4, 115, 6, '2024-02-14', '2024-03-06', '2024-03-04', 0.0),
  (5, 120, 3, '2024-05-18', '2024-06-08', '2024-06-02', 0.0),
  (6, 103, 2, '2024-08-20', '2024-09-10', '2024-08-24', 0.0),
  (7, 108, 3, '2024-08-09', '2024-08-30', '2024-08-24', 0.0),
  (8, 113, 6, '2023-04-03', '2023-04-24', NULL, 0),
  (9, 118, 11, '2024-11-27', '2024-12-18', '2024-12-01', 0.0),
  (10, 101, 5, '2023-12-13', '2024-01-03', '2024-01-15', 3.0),
  (11, 106, 1, '2024-10-17', '2024-11-07', '2024-11-11', 1.75),
  (12, 111, 12, '2023-10-14', '2023-11-04', NULL, 0),
  (13, 116, 12, '2024-06-01', '2024-06-22', '2024-06-05', 0.0),
  (14, 121, 1, '2024-06-23', '2024-07-14', '2024-07-02', 0.0),
  (15, 104, 5, '2024-11-10', '2024-12-01', '2024-11-14', 0.0),
  (16, 109, 11, '2024-09-18', '2024-10-09', '2024-09-22', 0.0),
  (17, 114, 6, '2024-08-23', '2024-09-13', '2024-09-17', 1.0),
  (18, 119, 3, '2023-05-02', '2023-05-23', '2023-05-17', 0.0),
  (19, 102, 2, '2024-08-06', '2024-08-27', NULL, 0),
  (20, 107, 3, '2024-12-13', '2025-01-03', '2024-12-28', 0.0),
  (21, 112, 6, '2023-02-07', '2023-02-28', '2023-02-26', 0.0),
  (22, 117, 11, '2023-05-03', '2023-05-24', '2023-06-05', 3.0),
  (23, 100, 5, '2024-12-19', '2091-01-09', NULL, 0),
  (24, 105, 1, '2024-06-12', '2024-07-03', '2024-06-21', 0.0),
  (25, 110, 12, '2023-03-20', '2023-04-10', '2023-03-24', 0.0);
