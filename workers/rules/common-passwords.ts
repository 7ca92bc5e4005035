/**
 * Passwords that people choose first, from the published lists of leaked ones, as far as they could pass the other
 * rules (letters and a digit, at least 8 characters with a punctuation mark). In lower case, without trailing
 * punctuation: the check ignores both.
 */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
  password1 password12 password123 password1234 password12345 password01 password00 password2 password3 password7
  password11 password21 password22 password99 password2020 password2021 password2022 password2023 password2024
  password2025 password2026 passw0rd passw0rd1 passw0rd12 passw0rd123 p@ssw0rd p@ssw0rd1 p@ssw0rd12 p@ssw0rd123
  p@ssword1 p@ssword12 p@ssword123 pa55word pa55word1 pa55w0rd pa55w0rd1 pass1234 pass12345 pass123456 mypassword1
  mypassword123 newpassword1 newpassword123 changeme1 changeme12 changeme123 changem3 default1 default123 secret12
  secret123 secret1234 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyuiop1 qwertyuiop123 qwer1234
  qwerty01 qwerty11 qwerty78 1qaz2wsx 1qaz2wsx3edc zaq12wsx zaq1zaq1 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r
  1q2w3e4r5t 1q2w3e4r5t6y qazwsx12 qazwsx123 asdf1234 asdfgh12 asdfgh123 asdfghjkl1 zxcvbnm1 zxcvbnm123 zxcvbn123
  abc12345 abc123456 abc1234567 abc123abc abcd1234 abcd12345 abcd123456 abcde123 abcde12345 abcdef12 abcdef123
  abcdefg1 abcdefg123 abcdefgh1 abc123def a1b2c3d4 a1b2c3d4e5 a1s2d3f4 aa123456 aa12345678 aaa12345 a12345678
  a123456789 a1234567890 1234567a 12345678a 123456789a 1234567890a 1234abcd 12345abc 123456abc 12345qwert 1234qwer
  123qweasd 123qwe123 123qweasdzxc 123abc123 admin123 admin1234 admin12345 admin123456 administrator1 adminadmin1
  root1234 root12345 toor1234 test1234 test12345 test123456 testing1 testing12 testing123 tester12 tester123 guest123
  guest1234 user1234 user12345 login123 login1234 welcome1 welcome12 welcome123 welcome1234 welcome01 welcome2
  welcome2020 welcome2021 welcome2022 welcome2023 welcome2024 welcome2025 welcome2026 letmein1 letmein12 letmein123
  letmein1234 iloveyou1 iloveyou2 iloveyou12 iloveyou123 iloveyou3 iloveu12 iloveu123 loveyou1 loveyou123 lovely123
  sunshine1 sunshine12 sunshine123 princess1 princess12 princess123 football1 football12 football123 baseball1
  baseball12 baseball123 basketball1 soccer12 soccer123 superman1 superman12 superman123 batman12 batman123 spiderman1
  spiderman123 starwars1 starwars123 pokemon1 pokemon12 pokemon123 dragon12 dragon123 dragon1234 monkey12 monkey123
  monkey1234 master12 master123 master1234 shadow12 shadow123 michael1 michael12 michael123 jordan23 jordan12 jordan123
  jessica1 jessica123 jennifer1 ashley12 ashley123 charlie1 charlie12 charlie123 daniel12 daniel123 andrew12 andrew123
  thomas12 thomas123 hunter12 hunter123 computer1 computer12 computer123 internet1 internet123 samsung1 samsung123
  google12 google123 liverpool1 liverpool123 arsenal1 arsenal123 chelsea1 chelsea123 barcelona1 barcelona123 chocolate1
  chocolate123 butterfly1 butterfly123 babygirl1 babygirl12 babygirl123 blink182 trustno1 whatever1 freedom1 freedom123
  flower12 flower123 hello123 hello1234 hello12345 helloworld1 helloworld123 cookie12 cookie123 purple12 purple123
  orange12 orange123 summer12 summer123 summer2020 summer2021 summer2022 summer2023 summer2024 summer2025 summer2026
  winter12 winter123 winter2020 winter2021 winter2022 winter2023 winter2024 winter2025 winter2026 spring12 spring123
  spring2020 spring2021 spring2022 spring2023 spring2024 spring2025 spring2026 autumn12 autumn123 autumn2020 autumn2021
  autumn2022 autumn2023 autumn2024 autumn2025 autumn2026 january1 february1 monday12 monday123 friday12 friday123
  company1 company123 temp1234 temp12345 temporary1 access12 access123 access14 super123 super1234 demo1234 demo12345
  example1 example123 student1 student123 teacher1 teacher123 family12 family123 killer12 killer123 matrix12 matrix123
  mustang1 mustang123 ferrari1 ferrari123 mercedes1 yankees1 cowboys1 lakers24 ginger12 ginger123 buster12 buster123
  pepper12 pepper123 tigger12 tigger123 maggie12 maggie123 bailey12 bailey123 jasmine1 jasmine123 matthew1 matthew123
  nicole12 nicole123 joshua12 joshua123 anthony1 anthony123 william1 william123 elizabeth1 devpocket1 devpocket123
  `
    .trim()
    .split(/\s+/),
);
