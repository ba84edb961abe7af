Console.WriteLine("done");
