CREATE TABLE Department (
  Code TEXT PRIMARY KEY,
  Title TEXT NOT NULL,
  Building TEXT,
  Budget INTEGER
);
CREATE TABLE Lecturer (
  LecturerNo INTEGER PRIMARY KEY,
  FullName TEXT NOT NULL,
  DeptCode TEXT NOT NULL REFERENCES Department(Code),
  Rank TEXT CHECK (Rank IN ('professor','lecturer','assistant')),
  HiredOn TEXT
);
CREATE TABLE Student (
  StudentNo INTEGER PRIMARY KEY,
  FullName TEXT NOT NULL,
  MajorCode TEXT REFERENCES Department(Code),
  EntryYear INTEGER NOT NULL,
  Email TEXT,
  Suspended INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE Course (
  CourseCode TEXT PRIMARY KEY,
  Title TEXT NOT NULL,
  DeptCode TEXT NOT NULL REFERENCES Department(Code),
  Credits INTEGER NOT NULL,
  Level INTEGER NOT NULL
);
CREATE TABLE CourseOffering (
  OfferingId INTEGER PRIMARY KEY,
  CourseCode TEXT NOT NULL REFERENCES Course(CourseCode),
  Term TEXT NOT NULL,                -- 2023A = first half of 2023, 2023B = second half
  LecturerNo INTEGER REFERENCES Lecturer(LecturerNo),
  Capacity INTEGER
);
CREATE TABLE Enrolment (
  StudentNo INTEGER NOT NULL REFERENCES Student(StudentNo),
  OfferingId INTEGER NOT NULL REFERENCES CourseOffering(OfferingId),
  Grade REAL,                        -- 1.0 best, 5.0 failed, NULL not graded yet
  PRIMARY KEY (StudentNo, OfferingId)
);
-- data
INSERT INTO Department (Code, Title, Building, Budget) VALUES
  ('MAT', 'Mathematics', 'Euler House', 410000),
  ('PHY', 'Physics', 'Curie Block', 780000),
  ('BIO', 'Biology', 'Green Wing', 655000),
  ('HIS', 'History', 'Old Court', 180000),
  ('CSC', 'Computer Science', 'Curie Block', 900000),
  ('ART', 'Fine Arts', 'Old Court', 150000),
  ('CHE', 'Chemistry', 'Green Wing', 700000),
  ('LIN', 'Linguistics', 'Old Court', 120000),
  ('ECO', 'Economics', 'Euler House', 330000),
  ('MUS', 'Music', NULL, 95000);

INSERT INTO Lecturer (LecturerNo, FullName, DeptCode, Rank, HiredOn) VALUES
  (10, 'Prof Adeyemi', 'MAT', 'professor', '1998-10-01'),
  (11, 'Dr Holub', 'MAT', 'lecturer', '2015-09-01'),
  (12, 'Prof Strand', 'PHY', 'professor', '2003-02-01'),
  (13, 'Dr Kaur', 'PHY', 'lecturer', '2018-09-01'),
  (14, 'Dr Mbeki', 'BIO', 'lecturer', '2012-01-15'),
  (15, 'Prof Tanaka', 'CSC', 'professor', '2006-09-01'),
  (16, 'Dr Villa', 'CSC', 'lecturer', '2020-09-01'),
  (17, 'Ms Orr', 'CSC', 'assistant', '2022-09-01'),
  (18, 'Dr Finch', 'HIS', 'lecturer', '2009-09-01'),
  (19, 'Mr Lowe', 'ART', 'assistant', '2021-03-01'),
  (20, 'Prof Baum', 'ECO', 'professor', '1995-04-01'),
  (21, 'Dr Sy', 'LIN', 'lecturer', '2016-09-01');

INSERT INTO Student (StudentNo, FullName, MajorCode, EntryYear, Email, Suspended) VALUES
  (20100, 'Alma Reyes', 'MAT', 2021, 'alma.reyes@uni.test', 0),
  (20101, 'Ben Castle', 'PHY', 2022, 'ben.castle@uni.test', 0),
  (20102, 'Chloe Park', 'CSC', 2021, 'chloe.park@uni.test', 0),
  (20103, 'Dmitri Volkov', 'CSC', 2023, 'dmitri.volkov@uni.test', 0),
  (20104, 'Eve Hartman', 'BIO', 2022, NULL, 0),
  (20105, 'Farid Nasser', 'HIS', 2021, 'farid.nasser@uni.test', 1),
  (20106, 'Grace Lim', 'CSC', 2022, 'grace.lim@uni.test', 0),
  (20107, 'Hugo Stein', 'ECO', 2023, 'hugo.stein@uni.test', 0),
  (20108, 'Ines Duarte', 'ART', 2022, NULL, 0),
  (20109, 'Jakub Zeman', 'PHY', 2021, 'jakub.zeman@uni.test', 0),
  (20110, 'Kira Watts', 'LIN', 2023, 'kira.watts@uni.test', 0),
  (20111, 'Leo Tran', 'CSC', 2022, 'leo.tran@uni.test', 0),
  (20112, 'Mona Eide', 'BIO', 2021, 'mona.eide@uni.test', 0),
  (20113, 'Niko Saari', 'MAT', 2023, 'niko.saari@uni.test', 1),
  (20114, 'Olive Drum', 'MUS', 2022, 'olive.drum@uni.test', 0);

INSERT INTO Course (CourseCode, Title, DeptCode, Credits, Level) VALUES
  ('MAT101', 'Calculus I', 'MAT', 6, 1),
  ('MAT205', 'Linear Algebra', 'MAT', 6, 2),
  ('PHY110', 'Mechanics', 'PHY', 8, 1),
  ('PHY301', 'Quantum Theory', 'PHY', 8, 3),
  ('BIO120', 'Cell Biology', 'BIO', 6, 1),
  ('CSC100', 'Programming', 'CSC', 10, 1),
  ('CSC220', 'Databases', 'CSC', 6, 2),
  ('CSC330', 'Compilers', 'CSC', 8, 3),
  ('HIS140', 'Medieval Europe', 'HIS', 5, 1),
  ('ART115', 'Drawing', 'ART', 4, 1),
  ('ECO200', 'Microeconomics', 'ECO', 6, 2),
  ('LIN210', 'Phonetics', 'LIN', 5, 2),
  ('CHE130', 'Organic Chemistry', 'CHE', 8, 1);

INSERT INTO CourseOffering (OfferingId, CourseCode, Term, LecturerNo, Capacity) VALUES
  (1, 'MAT101', '2023A', 10, 120),
  (2, 'MAT205', '2023B', 11, 60),
  (3, 'PHY110', '2023A', 12, 80),
  (4, 'PHY301', '2024A', 13, 25),
  (5, 'BIO120', '2023B', 14, 90),
  (6, 'CSC100', '2023A', 15, 150),
  (7, 'CSC220', '2023B', 16, 70),
  (8, 'CSC330', '2024A', 15, 30),
  (9, 'HIS140', '2024A', 18, 40),
  (10, 'ART115', '2024A', 19, 20),
  (11, 'ECO200', '2023B', 20, 75),
  (12, 'LIN210', '2024A', 21, 35),
  (13, 'CSC220', '2024A', 16, 70),
  (14, 'MAT101', '2024A', NULL, 120);

INSERT INTO Enrolment (StudentNo, OfferingId, Grade) VALUES
  (20106, 1, 2.3),
  (20109, 1, 5.0),
  (20106, 2, 1.3),
  (20101, 8, 1.7),
  (20109, 8, 2.0),
  (20107, 3, 5.0),
  (20107, 8, 1.0),
  (20101, 9, 1.0),
  (20103, 7, 1.3),
  (20103, 6, 1.0),
  (20105, 2, 2.7),
  (20100, 1, 4.0),
  (20106, 5, 1.0),
  (20105, 7, 2.3),
  (20109, 6, 4.0),
  (20110, 2, 2.3),
  (20102, 1, 5.0),
  (20104, 8, 2.0),
  (20104, 5, 4.0),
  (20109, 13, 3.3),
  (20110, 7, 4.0),
  (20105, 6, 5.0),
  (20111, 3, 5.0),
  (20100, 9, 2.3),
  (20102, 12, 5.0);
